package org.millrace.app.run;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import org.millrace.contract.event.Evaluation;
import org.millrace.evaluator.EvaluationListener;

/** The evaluations of a run so far, by version. Thread safe. */
public final class EvaluationBoard implements EvaluationListener {
    private final ConcurrentSkipListMap<Long, Evaluation> byVersion = new ConcurrentSkipListMap<>();
    private final Consumer<Evaluation> next;

    /** @param next is handed every evaluation too, on the evaluator's thread */
    public EvaluationBoard(Consumer<Evaluation> next) {
        this.next = next;
    }

    @Override
    public void evaluated(Evaluation evaluation) {
        byVersion.put(evaluation.version(), evaluation);
        next.accept(evaluation);
    }

    public Optional<Evaluation> of(long version) {
        return Optional.ofNullable(byVersion.get(version));
    }

    public Optional<Evaluation> last() {
        return Optional.ofNullable(byVersion.lastEntry()).map(Map.Entry::getValue);
    }
}

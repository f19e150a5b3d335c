package org.millrace.app.run;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.registry.Standings;
import org.millrace.evaluator.EvaluationListener;

/** The evaluations of a run so far, by version. Thread safe. */
public final class EvaluationBoard implements EvaluationListener {
    private final ConcurrentSkipListMap<Long, Evaluation> byVersion = new ConcurrentSkipListMap<>();
    private final EvaluationListener next;

    /** @param next also receives every evaluation, once even if the evaluator is restarted; on the evaluator's thread */
    public EvaluationBoard(EvaluationListener next) {
        this.next = next;
    }

    @Override
    public void evaluated(Evaluation evaluation) {
        byVersion.put(evaluation.version(), evaluation);
        next.evaluated(evaluation);
    }

    @Override
    public void published(List<Evaluation> evaluations, Standings standings) {
        List<Evaluation> unknown = evaluations.stream()
                .filter(evaluation -> !evaluation.equals(byVersion.put(evaluation.version(), evaluation)))
                .toList();
        if (!unknown.isEmpty()) {
            next.published(unknown, standings);
        }
    }

    public Optional<Evaluation> of(long version) {
        return Optional.ofNullable(byVersion.get(version));
    }

    public Optional<Evaluation> last() {
        return Optional.ofNullable(byVersion.lastEntry()).map(Map.Entry::getValue);
    }
}

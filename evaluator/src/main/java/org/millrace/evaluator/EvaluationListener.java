package org.millrace.evaluator;

import java.util.List;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.registry.Standings;

/** Receives every evaluation of a run, on the evaluator's thread; must return quickly. */
public interface EvaluationListener {
    /** An encoder was scored, or scored again. */
    void evaluated(Evaluation evaluation);

    /**
     * What was published before the start; called once, before any {@link #evaluated}.
     *
     * @param evaluations the newest of each version, by version
     * @param standings of all versions at this moment; revoked ones are among the evaluations
     */
    default void published(List<Evaluation> evaluations, Standings standings) {
        evaluations.forEach(this::evaluated);
    }
}

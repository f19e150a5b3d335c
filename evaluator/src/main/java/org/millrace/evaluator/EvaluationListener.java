package org.millrace.evaluator;

import org.millrace.contract.event.Evaluation;

/** Gets every evaluation of a run, those published before the start first. Called on the evaluator's thread; must be quick. */
public interface EvaluationListener {
    void evaluated(Evaluation evaluation);
}

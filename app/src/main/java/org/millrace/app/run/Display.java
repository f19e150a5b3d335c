package org.millrace.app.run;

import org.millrace.evaluator.EvaluationListener;
import org.millrace.trainer.TrainerEvents;

/** Shows a running command's training and evaluations. Thread safe. */
public interface Display extends TrainerEvents, EvaluationListener {
    void say(String line);
}

package org.millrace.app.run;

import org.millrace.evaluator.EvaluationListener;
import org.millrace.trainer.TrainerEvents;

/** What a command shows of a run while it goes on. Thread safe. */
public interface Display extends TrainerEvents, EvaluationListener {
    void say(String line);
}

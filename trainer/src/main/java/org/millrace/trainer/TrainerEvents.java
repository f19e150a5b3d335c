package org.millrace.trainer;

import java.time.Duration;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.trainer.stream.StreamEvents;

/** Told what the trainer does. Calls come on the trainer's threads and must return quickly. */
public interface TrainerEvents extends StreamEvents {
    /** The run begins, or goes on, after this step; so many later steps are computed again from the journal. */
    void starting(long step, int stepsToRepeat);

    void stepped(StepDone done);

    void checkpointed(long step);

    void published(long version);

    /** The projections of the last steps, this one included, had one direction for every image; said once. */
    void collapsed(long step);

    /** Images were gone, and the stream goes on behind them. */
    void skipped(StreamSkipped skip);

    /** The broker has not answered for some seconds; training waits for it when it must. */
    void brokerSilent();

    /** The broker answers again, so long after it was last heard. */
    void brokerBack(Duration silence);
}

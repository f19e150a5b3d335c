package org.millrace.trainer;

import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.StepDone;
import org.millrace.trainer.stream.StreamEvents;

/** Listens to a trainer. Calls come on the trainer's threads and must return quickly. */
public interface TrainerEvents extends StreamEvents {
    /** The run begins, or goes on, after this step; first it computes so many steps as the journal planned them. */
    void starting(long step, int plannedSteps);

    void stepped(StepDone done);

    /** The stream has not yet brought the images of a round of several trainers; called between looks. */
    void waitingForRound(long have, long wanted);

    /** This process has computed a slot of a round of several trainers. */
    void slotComputed(long round, int slot);

    /** The slots of a round of several trainers have been merged. */
    void roundMerged(RoundMerged merge);

    void checkpointed(long step);

    void published(long version);

    /** The projections of the last steps, this one included, had one direction for every image; said once. */
    void collapsed(long step);
}

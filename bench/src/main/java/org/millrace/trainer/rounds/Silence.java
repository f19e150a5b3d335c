package org.millrace.trainer.rounds;

import java.time.Duration;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.trainer.TrainerEvents;

/** Listens to nothing; a benchmark overrides what it wants to hear of. */
public class Silence implements TrainerEvents {
    @Override
    public void starting(long step, int stepsToRepeat) {}

    @Override
    public void stepped(StepDone done) {}

    @Override
    public void waitingForRound(long have, long wanted) {}

    @Override
    public void slotComputed(long round, int slot) {}

    @Override
    public void roundMerged(RoundMerged merge) {}

    @Override
    public void checkpointed(long step) {}

    @Override
    public void published(long version) {}

    @Override
    public void collapsed(long step) {}

    @Override
    public void waiting(int have, int wanted) {}

    @Override
    public void leftOver(int images) {}

    @Override
    public void skipped(StreamSkipped skip) {}

    @Override
    public void brokerSilent() {}

    @Override
    public void brokerBack(Duration silence) {}
}

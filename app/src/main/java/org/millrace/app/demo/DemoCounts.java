package org.millrace.app.demo;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.millrace.app.run.Display;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.ingest.push.PushProgress;
import org.millrace.trainer.TrainerEvents;

/** Counters of a demo beside the statistics of its steps. Thread safe. */
final class DemoCounts {
    private final AtomicLong pushed = new AtomicLong();
    private final AtomicLong lastVersion = new AtomicLong();
    private volatile Optional<StepDone> last = Optional.empty();
    private volatile long trainedBefore = -1;
    private final int batchSize;

    DemoCounts(int batchSize) {
        this.batchSize = batchSize;
    }

    /** Images pushed to the stream. */
    long pushed() {
        return pushed.get();
    }

    /** The newest encoder's version. */
    long lastVersion() {
        return lastVersion.get();
    }

    Optional<StepDone> last() {
        return last;
    }

    /** Images of the log trained in this demo. */
    long trained() {
        return last.map(step -> step.imagesTrained() - trainedBefore).orElse(0L);
    }

    /** Counts a stream's progress; makes it wait for the trainer. */
    PushProgress ofPush(Lead lead) {
        return new PushProgress() {
            @Override
            public void update(long images, long rejected, long bytes) {
                pushed.set(images);
            }

            @Override
            public void awaitRoom() throws InterruptedException {
                lead.awaitRoom();
            }
        };
    }

    /** Counts the trainer's events and passes them on. */
    TrainerEvents ofTrainer(Display display, Lead lead) {
        return new CountingEvents(display, this, lead);
    }

    private record CountingEvents(Display display, DemoCounts counts, Lead lead) implements TrainerEvents {
        @Override
        public void starting(long step, int plannedSteps) {
            counts.lastVersion.set(step);
            display.starting(step, plannedSteps);
        }

        @Override
        public void waitingForRound(long have, long wanted) {
            display.waitingForRound(have, wanted);
        }

        @Override
        public void stepped(StepDone done) {
            if (counts.trainedBefore < 0) {
                counts.trainedBefore = done.imagesTrained() - counts.batchSize;
            }
            counts.last = Optional.of(done);
            lead.consumed(done.imagesTrained() + done.imagesRejected());
            display.stepped(done);
        }

        @Override
        public void slotComputed(long round, int slot) {
            display.slotComputed(round, slot);
        }

        @Override
        public void roundMerged(RoundMerged merge) {
            display.roundMerged(merge);
        }

        @Override
        public void checkpointed(long step) {
            display.checkpointed(step);
        }

        @Override
        public void published(long version) {
            counts.lastVersion.set(version);
            display.published(version);
        }

        @Override
        public void collapsed(long step) {
            display.collapsed(step);
        }

        @Override
        public void skipped(StreamSkipped skip) {
            display.skipped(skip);
        }

        @Override
        public void brokerSilent() {
            display.brokerSilent();
        }

        @Override
        public void brokerBack(Duration silence) {
            display.brokerBack(silence);
        }

        @Override
        public void waiting(int have, int wanted) {
            lead.waiting(have, wanted);
            display.waiting(have, wanted);
        }

        @Override
        public void leftOver(int images) {
            display.leftOver(images);
        }
    }
}

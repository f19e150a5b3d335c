package org.millrace.trainer;

import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.millrace.contract.UserException;
import org.millrace.contract.config.TrainerConfig;
import org.millrace.trainer.journal.RunWriter;
import org.millrace.trainer.run.EncoderPublisher;
import org.millrace.trainer.run.Moment;
import org.millrace.trainer.run.RunCheckpoints;
import org.millrace.trainer.stream.StreamGaps;

/** What a run leaves behind: published encoders and checkpoints, at their steps and at the end. Used by the trainer's thread. */
final class Outputs {
    private static final long PAUSE_NANOS = 2_000_000;
    private static final long READERS_NANOS = 20_000_000_000L; // a courtesy: all is durable

    private final RunSetup setup;
    private final TrainingState state;
    private final StreamGaps gaps;
    private final RunWriter writer;
    private final RunCheckpoints checkpoints;
    private final EncoderPublisher publisher;
    private final StopRequest stop;
    private long checkpointedStep;

    /** @param state where its newest checkpoint has it */
    Outputs(
            RunSetup setup,
            TrainingState state,
            StreamGaps gaps,
            RunWriter writer,
            RunCheckpoints checkpoints,
            EncoderPublisher publisher,
            StopRequest stop) {
        this.setup = setup;
        this.state = state;
        this.gaps = gaps;
        this.writer = writer;
        this.checkpoints = checkpoints;
        this.publisher = publisher;
        this.stop = stop;
        this.checkpointedStep = state.step();
    }

    /** Publishes the encoder that nothing has been trained into, where the run begins. */
    void begin() {
        if (state.step() == 0) {
            publisher.publish(0, 0, state.encoder());
        }
    }

    /** Publishes and takes a checkpoint where it is time to. */
    void afterStep() {
        TrainerConfig config = setup.config().trainer();
        writer.check();
        reportWritten();
        if (state.step() % config.publishEverySteps() == 0) {
            publish();
        }
        if (state.step() % config.checkpointEverySteps() == 0) {
            checkpoint();
        }
    }

    /** Reports the checkpoint that has been written meanwhile, if one has: the next step may be long in coming. */
    void reportWritten() {
        report(checkpoints.written());
    }

    /**
     * Publishes the last encoder, takes the last checkpoint, and waits until all of it is durable and can be read.
     *
     * @throws UserException where the broker does not answer within the patience of a stop
     */
    void finish() {
        boolean unpublished = state.step() > publisher.newest();
        if (unpublished) {
            publish();
        }
        if (unpublished || state.step() > checkpointedStep) { // a checkpoint also says what is published
            checkpoint();
        }
        Future<Long> all = writer.allSoFar();
        report(checkpoints.awaitWritten(stop::isOverdue));
        while (!all.isDone() && !stop.isOverdue()) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        writer.check();
        if (!all.isDone()) {
            throw new UserException("the broker at " + setup.kafka().bootstrapServers() + " does not answer: run "
                    + setup.config().run().name() + " stops without a checkpoint of step " + state.step()
                    + ". Started again, it goes on from the one before, to the same weights.");
        }
        long enough = System.nanoTime() + READERS_NANOS;
        writer.awaitReadable(() -> stop.isOverdue() || System.nanoTime() - enough > 0);
    }

    private void publish() {
        publisher.publish(state.step(), state.position().imagesTrained(), state.encoder(), state.learned());
        setup.moments().at(Moment.PUBLISHED, state.step());
        setup.events().published(state.step());
    }

    private void checkpoint() {
        report(checkpoints.take(
                () -> state.copy(gaps.log(), publisher.published()), writer.allSoFar(), stop::isOverdue));
        checkpointedStep = state.step();
    }

    private void report(Optional<Long> checkpoint) {
        checkpoint.ifPresent(setup.events()::checkpointed);
    }
}

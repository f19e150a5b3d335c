package org.millrace.trainer;

import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.millrace.contract.UserException;
import org.millrace.contract.event.Stage;
import org.millrace.contract.event.StepPlan;
import org.millrace.keystore.image.ImageStore;
import org.millrace.trainer.journal.JournalReader.Past;
import org.millrace.trainer.journal.RunWriter;
import org.millrace.trainer.run.Moment;
import org.millrace.trainer.run.RunSignals;
import org.millrace.trainer.stream.Pipeline;
import org.millrace.trainer.stream.PlanSource;
import org.millrace.trainer.stream.PreparedStep;
import org.millrace.trainer.stream.StageClock;

/** The coming steps of a run: prepared ahead on other threads, and due once their plans are durable. Used by the trainer's thread. */
final class Steps {
    private static final long PATIENCE_MILLIS = 100;

    private final RunSetup setup;
    private final Optional<ImageStore> images;
    private final RunWriter writer;
    private final StopRequest stop;
    private final RunSignals signals;

    Steps(RunSetup setup, Optional<ImageStore> images, RunWriter writer, StopRequest stop, RunSignals signals) {
        this.setup = setup;
        this.images = images;
        this.writer = writer;
        this.stop = stop;
        this.signals = signals;
    }

    /**
     * A step that may be computed: its plan is durable.
     *
     * @param planEnd the journal's offset behind its plan
     */
    record Due(PreparedStep prepared, long planEnd) {}

    /** Prepares the steps after a state: those of the journal first, then new ones, whose plans it writes. The caller closes it. */
    Pipeline prepare(TrainingState state, Past past, boolean untilEnd) {
        return Pipeline.open(
                setup.config(),
                setup.kafka(),
                state.ahead(images),
                PlanSource.ofStream(past, this::plan, signals::now),
                untilEnd,
                setup.events());
    }

    private Future<Long> plan(StepPlan plan) {
        Future<Long> durable = writer.append(plan);
        setup.moments().at(Moment.PLANNED, plan.step());
        return durable;
    }

    /**
     * Waits for the next step; empty when the stream has ended, or stopped first.
     *
     * @param meanwhile called again and again while it is being prepared
     */
    Optional<Due> next(Pipeline pipeline, StageClock stages, Runnable meanwhile) {
        try {
            Optional<PreparedStep> prepared = pipeline.next();
            while (prepared.isEmpty() && !stop.isMade() && !pipeline.ended()) {
                meanwhile.run();
                prepared = pipeline.next();
            }
            stages.lap(Stage.WAIT);
            return prepared.isEmpty() ? Optional.empty() : awaitPlan(prepared.get(), stages);
        } catch (InterruptedException e) {
            stop.make(Trainer.STOP_PATIENCE);
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    // nothing of a step happens before its plan is durable
    private Optional<Due> awaitPlan(PreparedStep prepared, StageClock stages) throws InterruptedException {
        while (!stop.isMade()) {
            try {
                long planEnd = prepared.journalOffset().get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
                stages.lap(Stage.JOURNAL);
                return Optional.of(new Due(prepared, planEnd));
            } catch (TimeoutException e) {
                writer.check();
            } catch (ExecutionException e) {
                writer.check();
                throw new UserException(
                        "the plan of step " + prepared.plan().step() + " could not be written: " + e.getCause(), e);
            }
        }
        return Optional.empty();
    }
}

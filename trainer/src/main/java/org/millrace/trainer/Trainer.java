package org.millrace.trainer;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.Memory;
import org.millrace.keystore.image.ImageStore;
import org.millrace.trainer.Steps.Due;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.journal.JournalReader;
import org.millrace.trainer.journal.JournalReader.Past;
import org.millrace.trainer.journal.RunWriter;
import org.millrace.trainer.run.EncoderPublisher;
import org.millrace.trainer.run.Moment;
import org.millrace.trainer.run.RunCheckpoints;
import org.millrace.trainer.run.RunImages;
import org.millrace.trainer.run.RunLock;
import org.millrace.trainer.run.RunMemory;
import org.millrace.trainer.run.RunSettings;
import org.millrace.trainer.run.RunSignals;
import org.millrace.trainer.run.RunTeacher;
import org.millrace.trainer.stream.BrokerWatch;
import org.millrace.trainer.stream.LogGapException;
import org.millrace.trainer.stream.LogImages;
import org.millrace.trainer.stream.Pipeline;
import org.millrace.trainer.stream.StageClock;
import org.millrace.trainer.stream.StreamGaps;
import org.millrace.trainer.stream.TrainedStep;

/**
 * One run, trained from its topics: the state after a step is a function of the configuration, the journal's plans and the image log.
 *
 * <p>{@link #run} is called once, on the thread that made the trainer; {@link #stop} on any. The owner closes it.
 */
public final class Trainer implements Training {
    /** How long the end of a stopped run waits, as a rule, for a broker that may be gone. */
    public static final Duration STOP_PATIENCE = Duration.ofSeconds(6);

    private final RunSetup setup;
    private final StopRequest stop = new StopRequest();
    private final Opened opened = new Opened();
    private final TrainingState state;
    private final StreamGaps gaps;
    private final Steps steps;
    private final StepReports reports;
    private final Outputs outputs;

    /** Opens the run where it stands: its newest whole checkpoint, or the beginning. The topic of images must exist. */
    public Trainer(MillraceConfig config, KafkaSettings kafka, TrainerEvents events, Clock clock) {
        this(config, kafka, events, clock, Moment.Listener.NONE);
    }

    Trainer(MillraceConfig config, KafkaSettings kafka, TrainerEvents events, Clock clock, Moment.Listener moments) {
        this.setup = new RunSetup(config, kafka, events, clock, moments);
        RunSettings.requireFiles(
                config, RunSettings.requireSame(config, kafka)); // before anything of the run is opened
        RunTeacher teacher = new RunTeacher(config, kafka).require();
        LogIdentity imageLog = setup.ensureTopics();
        try {
            opened.add(RunLock.take(config));
            Torch torch = SelfTest.forTraining(config);
            Memory memory = opened.add(RunMemory.open(config));
            Optional<ImageStore> images = RunImages.open(config);
            images.ifPresent(opened::add);
            Learner learner = opened.add(new Learner(config, torch, memory));
            var runImages = images.map(store -> new RunImages(store, LogImages.of(config, kafka)));
            var checkpoints = opened.add(new RunCheckpoints(config, memory, runImages, torch.description(), moments));
            Optional<Checkpoint> newest = checkpoints.newest();
            this.state = new TrainingState(setup, torch, learner);
            state.restore(newest, teacher);
            RunWriter writer = opened.add(
                    RunWriter.open(kafka, setup.topics(), config.images().maxRecordBytes(), state.started(imageLog)));
            Optional<RunState> saved = newest.map(Checkpoint::state);
            this.gaps = new StreamGaps(config, kafka, events, clock, writer, imageLog, saved.map(RunState::log));
            gaps.warnIfCompacted();
            var publisher = EncoderPublisher.of(
                    writer, config, kafka, torch, saved.map(RunState::published).orElse(List.of()), clock);
            this.steps = new Steps(setup, images, writer, stop, opened.add(RunSignals.open(config, kafka)));
            this.reports = new StepReports(setup, writer);
            this.outputs = new Outputs(setup, state, gaps, writer, checkpoints, publisher, stop);
        } catch (RuntimeException | Error e) {
            opened.closeAfter(e);
            throw e;
        }
    }

    /**
     * Trains until a limit or {@link #stop}; then publishes the encoder and takes a checkpoint. A command that follows finds both.
     *
     * @throws UserException where the run cannot go on; what its topics and its last checkpoint hold is whole
     */
    @Override
    public void run(TrainLimits limits) {
        Past past = onward(Optional.empty());
        setup.events().starting(state.step(), past.plans().size());
        outputs.begin();
        Optional<LogGapException> gap = train(past, limits);
        while (gap.isPresent()) {
            long stuckAt = state.step();
            gaps.lookAgain();
            gap = train(onward(gap), limits);
            if (gap.isPresent() && state.step() == stuckAt) {
                throw gap.get();
            }
        }
        outputs.finish();
    }

    /** What the journal has planned after this state, which moves on where images of that are gone and may be skipped. */
    private Past onward(Optional<LogGapException> met) {
        Past past = JournalReader.past(setup.kafka(), setup.topics(), state.step(), state.journalOffset(), done -> {});
        StreamGaps.Onward onward = gaps.onward(state.position(), past, met, stop::isMade);
        state.moveTo(onward.position());
        return onward.past();
    }

    /** Computes the steps of the past again, then new ones, until a limit, or until images are gone that come next. */
    private Optional<LogGapException> train(Past past, TrainLimits limits) {
        try (BrokerWatch watch = gaps.watch();
                Pipeline pipeline =
                        steps.prepare(state, past, limits.untilEnd()).start()) {
            while (!stop.isMade() && !limits.reached(state.step())) {
                watch.check();
                StageClock stages = new StageClock(System::nanoTime);
                Optional<Due> due = steps.next(pipeline, stages, outputs::reportWritten);
                if (due.isEmpty()) {
                    break;
                }
                step(due.get(), pipeline, stages);
                if (!limits.reached(state.step())) { // after the last step, encoder and checkpoint come with the end
                    outputs.afterStep();
                }
            }
            return Optional.empty();
        } catch (LogGapException e) {
            return Optional.of(gaps.toSkip(e));
        }
    }

    // compute → let the preparation go on → report
    private void step(Due due, Pipeline pipeline, StageClock stages) {
        var prepared = due.prepared();
        Learner.Result result = state.compute(prepared, due.planEnd(), stages);
        pipeline.trained(TrainedStep.of(prepared, result.features(), result.losses()));
        reports.send(prepared, result, state, stages);
        pipeline.release(prepared.views());
    }

    /** Makes {@link #run} return after the step that it computes now; a silent broker is then waited for that long. */
    @Override
    public void stop(Duration patience) {
        stop.make(patience);
    }

    @Override
    public void close() {
        opened.close();
    }
}

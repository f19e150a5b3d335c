package org.millrace.trainer.replay;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Signals;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.encoder.InitialWeights;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.KeyBatch;
import org.millrace.keystore.Memory;
import org.millrace.keystore.image.ImageStore;
import org.millrace.trainer.Learner;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.gate.Gate;
import org.millrace.trainer.journal.JournalReader.JournalledPlan;
import org.millrace.trainer.journal.JournalReader.Past;
import org.millrace.trainer.run.RunFolders;
import org.millrace.trainer.run.RunImages;
import org.millrace.trainer.run.RunMemory;
import org.millrace.trainer.run.RunSettings;
import org.millrace.trainer.run.RunTeacher;
import org.millrace.trainer.stream.LogGapException;
import org.millrace.trainer.stream.LogImages;
import org.millrace.trainer.stream.Pipeline;
import org.millrace.trainer.stream.PlanSource;
import org.millrace.trainer.stream.PreparedStep;
import org.millrace.trainer.stream.ReplayBuffer;
import org.millrace.trainer.stream.StageClock;
import org.millrace.trainer.stream.StreamEvents;
import org.millrace.trainer.stream.StreamState;
import org.millrace.trainer.stream.TrainedStep;

/**
 * A run computed again from nothing but its configuration, its journal's plans and the image log, and compared with the results in the
 * journal: from its first step, or where images of that are gone, from a checkpoint. Neither the run's topics nor its folder are
 * touched, and its trainer may go on meanwhile. One thread; the owner closes it.
 */
public final class RunReplay implements Replay {
    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final ReplayStart start;
    private final Memory memory;
    private final Learner learner;
    private final Optional<ScratchImages> images;
    private volatile boolean stopped;

    /**
     * @param from the step of a checkpoint to begin with; none takes the first step, or where images of that are gone, the oldest
     *     checkpoint that needs none of those
     * @throws UserException where there is no such run or checkpoint, or the log no longer has the images
     */
    public RunReplay(MillraceConfig config, KafkaSettings kafka, OptionalLong from) {
        this.config = config;
        this.kafka = kafka;
        this.start = ReplayStart.choose(config, kafka, from);
        Torch torch = SelfTest.forTraining(config);
        this.memory = RunMemory.openOnHeap(config);
        this.learner = new Learner(config, torch, memory);
        this.images = ScratchImages.open(config);
    }

    @Override
    public long startsAfter() {
        return start.step();
    }

    @Override
    public long lastPlanned() {
        return startsAfter() + start.past().plans().size();
    }

    @Override
    public Result run(long lastStep, Listener listener) {
        if (lastStep > lastPlanned() || lastStep < startsAfter()) {
            throw new UserException(
                    "run " + config.run().name() + " can be computed again from step " + (startsAfter() + 1)
                            + " to step " + lastPlanned() + "; step " + lastStep + " is not among these.");
        }
        ReplayBuffer buffer = ReplayBuffer.of(config);
        Gate gate = new Gate(config);
        start.checkpoint().ifPresentOrElse(checkpoint -> restore(checkpoint, buffer, gate), this::begin);
        new RunTeacher(config, kafka).of(start.checkpoint()).ifPresent(learner::teach);
        long losses = 0;
        long digests = 0;
        long step = startsAfter();
        try (Pipeline pipeline = pipeline(lastStep, buffer, gate).start()) {
            while (step < lastStep && !stopped) {
                Optional<Computed> computed = compute(pipeline);
                if (computed.isEmpty()) {
                    break;
                }
                step++;
                listener.replayed(step);
                Optional<StepDone> then = Optional.ofNullable(start.done().get(step));
                losses += then.isPresent() ? 1 : 0;
                digests += then.flatMap(StepDone::digest).isPresent() ? 1 : 0;
                Optional<String> difference = then.flatMap(was -> difference(was, computed.get()));
                if (difference.isPresent()) {
                    return new Result(step - startsAfter(), losses, digests, difference);
                }
            }
        } catch (LogGapException e) {
            throw new UserException(
                    "run " + config.run().name() + " cannot be computed again: " + e.what()
                            + " Begin with a checkpoint behind that, --from STEP; millrace inspect checkpoints lists them.",
                    e);
        }
        return new Result(step - startsAfter(), losses, digests, Optional.empty());
    }

    @Override
    public void stop() {
        stopped = true;
    }

    @Override
    public void close() {
        images.ifPresent(ScratchImages::close);
        learner.close();
        memory.close();
    }

    /** A step computed again. */
    private record Computed(PreparedStep prepared, Learner.Result result) {}

    private Optional<Computed> compute(Pipeline pipeline) {
        try {
            Optional<PreparedStep> next = pipeline.next(() -> stopped);
            if (next.isEmpty()) {
                return Optional.empty();
            }
            PreparedStep prepared = next.get();
            long step = prepared.plan().step();
            learner.weigh(prepared.plan().signals().map(Signals::guardWeight).orElse(OptionalDouble.empty()));
            Learner.Result result = learner.step(
                    step,
                    prepared.views(),
                    prepared.images(),
                    prepared.ids(),
                    prepared.segments(),
                    new StageClock(System::nanoTime));
            pipeline.trained(TrainedStep.of(prepared, result.features(), result.losses()));
            pipeline.release(prepared.views());
            return Optional.of(new Computed(prepared, result));
        } catch (InterruptedException e) {
            stopped = true;
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private Optional<String> difference(StepDone then, Computed now) {
        double loss = now.result().loss();
        if (Double.compare(then.loss(), loss) != 0) {
            return Optional.of("the loss of step " + then.step() + " was " + then.loss() + " and is " + loss + " now");
        }
        double share = now.prepared().freshShare().orElse(0);
        if (Double.compare(then.freshShare().orElse(0), share) != 0) {
            return Optional.of("the share of fresh images in the batch of step " + then.step() + " was "
                    + then.freshShare().orElse(0) + " and is " + share + " now");
        }
        if (then.digest().isEmpty()) {
            return Optional.empty();
        }
        String was = then.digest().get();
        String digest = learner.digest();
        return was.equals(digest)
                ? Optional.empty()
                : Optional.of("the state after step " + then.step() + " had the digest " + was + " and has " + digest
                        + " now");
    }

    private void begin() {
        learner.begin();
        InitialWeights.of(config.encoder()).ifPresent(learner::initialise);
    }

    private void restore(Checkpoint checkpoint, ReplayBuffer buffer, Gate gate) {
        RunState state = checkpoint.state();
        RunSettings.compare(state, config);
        switch (config.trainer().objective().remembers()) {
            case KEYS -> {
                List<KeyBatch> keys = RunMemory.dictionary(config, state);
                RunMemory.fill(memory.asKeys(), keys, state.keySequence());
            }
            case ROWS ->
                throw new UserException("a memory bank's rows change in place, and only their present state is"
                        + " there: run " + config.run().name() + " can be computed again from its first step only.");
            case NOTHING -> {}
        }
        checkpoint.base().ifPresent(learner::beginWith);
        learner.restore(checkpoint.query(), checkpoint.key(), checkpoint.optimiser(), state.keySequence());
        images.ifPresent(scratch -> fill(scratch.store(), checkpoint));
        buffer.restore(checkpoint.buffer(), state.bufferOffered());
        state.freshShare().ifPresent(buffer::restoreShare);
        gate.restore(checkpoint.gate());
    }

    private void fill(ImageStore store, Checkpoint checkpoint) {
        try {
            new RunImages(store, LogImages.of(config, kafka)).fill(checkpoint, Optional.of(RunFolders.images(config)));
        } catch (IllegalArgumentException e) {
            throw new UserException(
                    "run " + config.run().name() + " cannot be computed again from the checkpoint of step "
                            + checkpoint.state().step() + ": " + e.getMessage()
                            + ". Begin with another one, --from STEP; millrace inspect checkpoints lists them.",
                    e);
        }
    }

    private Pipeline pipeline(long lastStep, ReplayBuffer buffer, Gate gate) {
        List<JournalledPlan> planned = start.past().plans().subList(0, Math.toIntExact(lastStep - startsAfter()));
        return Pipeline.open(
                config,
                kafka,
                new StreamState(start.position(), buffer, images.map(ScratchImages::store), gate),
                PlanSource.ofJournal(new Past(planned, Optional.empty())),
                false,
                StreamEvents.NONE);
    }
}

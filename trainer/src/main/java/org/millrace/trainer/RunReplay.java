package org.millrace.trainer;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.encoder.InitialWeights;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.KeyBatch;
import org.millrace.keystore.KeyStore;
import org.millrace.keystore.Memory;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.CheckpointFolder;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.journal.JournalReader;
import org.millrace.trainer.journal.JournalReader.JournalledPlan;
import org.millrace.trainer.journal.JournalReader.Past;
import org.millrace.trainer.stream.LogGap;
import org.millrace.trainer.stream.LogGapException;
import org.millrace.trainer.stream.Pipeline;
import org.millrace.trainer.stream.PreparedStep;
import org.millrace.trainer.stream.ReplayBuffer;
import org.millrace.trainer.stream.StageClock;
import org.millrace.trainer.stream.StreamEvents;
import org.millrace.trainer.stream.StreamPosition;
import org.millrace.trainer.stream.TrainedImages;

/**
 * A run computed again from nothing but its configuration, its journal's plans and the image log, and compared with what the journal says
 * came out: from its first step, or where images of that are gone, from a checkpoint. Neither the run's topics nor its folder are
 * touched, and its trainer may go on meanwhile. One thread; the owner closes it.
 */
public final class RunReplay implements AutoCloseable {
    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final Optional<Checkpoint> start;
    private final List<JournalledPlan> plans; // of the steps after the start, without gaps
    private final Map<Long, StepDone> done = new HashMap<>();
    private final Memory memory;
    private final Learner learner;
    private volatile boolean stopped;

    /** Told of each step, on the thread that replays. */
    @FunctionalInterface
    public interface Listener {
        void replayed(long step);
    }

    /**
     * What a replay found.
     *
     * @param steps computed again
     * @param losses compared with the journal's, to the bit
     * @param digests compared with the journal's
     * @param difference the first one, in words; the replay ends with that step
     */
    public record Result(long steps, long losses, long digests, Optional<String> difference) {}

    /**
     * @param from the step of a checkpoint to begin with; none takes the first step, or where images of that are gone, the oldest
     *     checkpoint that needs none of those
     * @throws UserException where there is no such run or checkpoint, or the log no longer has the images
     */
    public RunReplay(MillraceConfig config, KafkaSettings kafka, OptionalLong from) {
        this.config = config;
        this.kafka = kafka;
        CheckpointFolder folder = RunFolders.checkpoints(config);
        LogIdentity log;
        try (var topics = new TopicSetup(kafka)) {
            topics.requireRun(config.run());
            log = topics.identity(config.images().topic());
        }
        Optional<Checkpoint> chosen = from.isPresent() ? Optional.of(folder.at(from.getAsLong())) : Optional.empty();
        Past past = past(chosen);
        Optional<LogGap> gap = gap(chosen, past, log);
        if (gap.isPresent() && from.isEmpty()) {
            for (long step : wholeCheckpoints(folder)) {
                Optional<Checkpoint> later = Optional.of(folder.at(step));
                Past after = past(later);
                if (gap.isPresent() && gap(later, after, log).isEmpty()) {
                    chosen = later;
                    past = after;
                    gap = Optional.empty();
                }
            }
        }
        gap.ifPresent(lacking -> {
            throw new UserException("run " + config.run().name() + " cannot be computed again: " + lacking.what()
                    + (from.isPresent() ? "" : " No checkpoint of it lies behind that."));
        });
        this.start = chosen;
        this.plans = past.plans();
        Torch torch = SelfTest.forTraining(config);
        this.memory = RunCheckpoints.openMemoryOnHeap(config);
        this.learner = new Learner(config, torch, memory);
    }

    /** The step behind which it begins; 0 for the run's beginning. */
    public long startsAfter() {
        return start.map(checkpoint -> checkpoint.state().step()).orElse(0L);
    }

    /** The last step that can be computed again: the last one planned. */
    public long lastPlanned() {
        return startsAfter() + plans.size();
    }

    /**
     * Computes the steps up to {@code lastStep}; called once.
     *
     * @throws UserException where that step is not planned, or lies before the start
     */
    public Result run(long lastStep, Listener listener) {
        if (lastStep > lastPlanned() || lastStep < startsAfter()) {
            throw new UserException(
                    "run " + config.run().name() + " can be computed again from step " + (startsAfter() + 1)
                            + " to step " + lastPlanned() + ", which step " + lastStep + " is not among.");
        }
        ReplayBuffer buffer = ReplayBuffer.of(config);
        start.ifPresentOrElse(
                checkpoint -> restore(checkpoint, buffer),
                () -> InitialWeights.of(config.encoder()).ifPresent(learner::initialise));
        long losses = 0;
        long digests = 0;
        long step = startsAfter();
        try (Pipeline pipeline = pipeline(lastStep, buffer).start()) {
            while (step < lastStep && !stopped) {
                Optional<Learner.Result> result = compute(pipeline);
                if (result.isEmpty()) {
                    break;
                }
                step++;
                listener.replayed(step);
                Optional<StepDone> then = Optional.ofNullable(done.get(step));
                losses += then.isPresent() ? 1 : 0;
                digests += then.flatMap(StepDone::digest).isPresent() ? 1 : 0;
                Optional<String> difference = then.flatMap(was -> difference(was, result.get()));
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

    /** Makes {@link #run} return after the step that it computes now. */
    public void stop() {
        stopped = true;
    }

    @Override
    public void close() {
        learner.close();
        memory.close();
    }

    private Optional<Learner.Result> compute(Pipeline pipeline) {
        try {
            Optional<PreparedStep> next = pipeline.next(() -> stopped);
            if (next.isEmpty()) {
                return Optional.empty();
            }
            PreparedStep prepared = next.get();
            long step = prepared.plan().step();
            Learner.Result result = learner.step(
                    step, prepared.views(), prepared.images(), prepared.ids(), new StageClock(System::nanoTime));
            pipeline.trained(new TrainedImages(step, prepared.images(), result.features()));
            pipeline.release(prepared.views());
            return Optional.of(result);
        } catch (InterruptedException e) {
            stopped = true;
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private Optional<String> difference(StepDone then, Learner.Result now) {
        if (Double.compare(then.loss(), now.loss()) != 0) {
            return Optional.of(
                    "the loss of step " + then.step() + " was " + then.loss() + " and is " + now.loss() + " now");
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

    private static List<Long> wholeCheckpoints(CheckpointFolder folder) {
        return folder.inspect().values().stream()
                .flatMap(inspection -> inspection.state().stream())
                .map(RunState::step)
                .sorted()
                .toList();
    }

    // of a step that was computed again the last result stays
    private Past past(Optional<Checkpoint> from) {
        long step = from.map(checkpoint -> checkpoint.state().step()).orElse(0L);
        long offset = from.map(checkpoint -> checkpoint.state().journalOffset()).orElse(0L);
        done.clear();
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            return new JournalReader(consumer, config.run().topics())
                    .plansAfter(step, offset, result -> done.put(result.step(), result));
        }
    }

    private Optional<LogGap> gap(Optional<Checkpoint> from, Past past, LogIdentity log) {
        StreamPosition position =
                from.map(checkpoint -> checkpoint.state().position()).orElse(StreamPosition.START);
        Optional<LogIdentity> then = from.map(checkpoint -> checkpoint.state().log());
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            return LogGap.find(
                    position,
                    then,
                    past,
                    LogGap.Log.of(consumer, config.images().topic(), log));
        }
    }

    private void restore(Checkpoint checkpoint, ReplayBuffer buffer) {
        RunState state = checkpoint.state();
        RunSettings.compare(state, config);
        switch (config.trainer().objective().remembers()) {
            case KEYS -> {
                List<KeyBatch> keys = RunBranch.dictionary(config, state);
                KeyStore store = (KeyStore) memory;
                store.beginAfter(state.keySequence()
                        - keys.stream().mapToLong(KeyBatch::size).sum());
                keys.forEach(store::append);
            }
            case ROWS ->
                throw new UserException("a memory bank's rows change in place, and only their present state is"
                        + " there: run " + config.run().name() + " can be computed again from its first step only.");
            case NOTHING -> {}
        }
        learner.restore(checkpoint.query(), checkpoint.key(), checkpoint.optimiser(), state.keySequence());
        buffer.restore(checkpoint.buffer(), state.bufferOffered());
    }

    private Pipeline pipeline(long lastStep, ReplayBuffer buffer) {
        var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Pipeline.consumerSettings(config)));
        return new Pipeline(
                config,
                consumer,
                start.map(checkpoint -> checkpoint.state().position()).orElse(StreamPosition.START),
                buffer,
                new Past(plans.subList(0, Math.toIntExact(lastStep - startsAfter())), Optional.empty()),
                Optional.empty(),
                Optional.empty(),
                StreamEvents.NONE);
    }
}

package org.millrace.trainer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.encoder.InitialWeights;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.Memory;
import org.millrace.trainer.journal.JournalReader;
import org.millrace.trainer.journal.JournalReader.JournalledPlan;
import org.millrace.trainer.journal.JournalReader.Past;
import org.millrace.trainer.objective.StageClock;
import org.millrace.trainer.stream.Pipeline;
import org.millrace.trainer.stream.PreparedStep;
import org.millrace.trainer.stream.ReplayBuffer;
import org.millrace.trainer.stream.StreamEvents;
import org.millrace.trainer.stream.StreamPosition;
import org.millrace.trainer.stream.TrainedImages;

/**
 * A run computed again from its first step, from nothing but its configuration, its journal's plans and the image log, and compared
 * with what the journal says came out. Reads topics only: neither the run's topics nor its folder are touched, and its trainer may go
 * on meanwhile. One thread; the owner closes it.
 */
public final class RunReplay implements AutoCloseable {
    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final List<JournalledPlan> plans; // of all steps from the first on
    private final Map<Long, StepDone> done;
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
     * @throws UserException where there is no such run, it does not begin with step 1, or the log no longer has its first images
     */
    public RunReplay(MillraceConfig config, KafkaSettings kafka) {
        this.config = config;
        this.kafka = kafka;
        this.plans = new ArrayList<>();
        this.done = new HashMap<>();
        readJournal();
        checkBeginning();
        Torch torch = Torch.start(config.run());
        this.memory = RunCheckpoints.openMemoryOnHeap(config);
        this.learner = new Learner(config, torch, memory);
    }

    /** The last step that can be computed again: the last one planned. */
    public long lastPlanned() {
        return plans.size();
    }

    /**
     * Computes the steps 1 to {@code lastStep}; called once.
     *
     * @throws UserException where the journal has no plan of that step
     */
    public Result run(long lastStep, Listener listener) {
        if (lastStep > plans.size()) {
            throw new UserException("run " + config.run().name() + " has plans up to step " + plans.size()
                    + ", so step " + lastStep + " cannot be computed again.");
        }
        InitialWeights.of(config.encoder()).ifPresent(learner::initialise);
        long losses = 0;
        long digests = 0;
        long step = 0;
        try (Pipeline pipeline = pipeline(lastStep).start()) {
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
                    return new Result(step, losses, digests, difference);
                }
            }
        }
        return new Result(step, losses, digests, Optional.empty());
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
            result.features()
                    .ifPresent(features -> pipeline.trained(new TrainedImages(step, prepared.images(), features)));
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

    private void readJournal() {
        try (var topics = new TopicSetup(kafka)) {
            topics.requireRun(config.run());
            topics.require(config.images().topic());
        }
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            // of a step that was computed again the last result stays
            plans.addAll(new JournalReader(consumer, config.run().topics())
                    .plansAfter(0, 0, result -> done.put(result.step(), result))
                    .plans());
        }
    }

    private void checkBeginning() {
        Map<Integer, Long> first = new TreeMap<>();
        for (JournalledPlan journalled : plans) {
            StepPlan plan = journalled.plan();
            plan.ranges().forEach((OffsetRange range) -> first.putIfAbsent(range.partition(), range.from()));
        }
        String topic = config.images().topic();
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            List<TopicPartition> partitions = first.keySet().stream()
                    .map(partition -> new TopicPartition(topic, partition))
                    .toList();
            consumer.beginningOffsets(partitions).forEach((partition, beginning) -> {
                long wanted = first.getOrDefault(partition.partition(), 0L);
                if (beginning > wanted) {
                    throw new UserException(
                            "run " + config.run().name() + " began with offset " + wanted
                                    + " of partition " + partition.partition() + " of " + topic
                                    + ", whose log begins with "
                                    + beginning
                                    + " now: retention removed its first images, and without them no step can be computed again.");
                }
            });
        }
    }

    private Pipeline pipeline(long lastStep) {
        var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Pipeline.consumerSettings(config)));
        return new Pipeline(
                config,
                consumer,
                StreamPosition.START,
                ReplayBuffer.of(config),
                new Past(plans.subList(0, Math.toIntExact(lastStep)), Optional.empty()),
                Optional.empty(),
                Optional.empty(),
                StreamEvents.NONE);
    }
}

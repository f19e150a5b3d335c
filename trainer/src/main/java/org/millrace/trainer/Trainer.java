package org.millrace.trainer;

import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.TrainerConfig.OnGap;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.Stage;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.encoder.FeatureTrial;
import org.millrace.encoder.InitialWeights;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.Memory;
import org.millrace.trainer.journal.JournalReader;
import org.millrace.trainer.journal.JournalReader.Past;
import org.millrace.trainer.journal.RunWriter;
import org.millrace.trainer.stream.LogGapException;
import org.millrace.trainer.stream.Pipeline;
import org.millrace.trainer.stream.PreparedStep;
import org.millrace.trainer.stream.ReplayBuffer;
import org.millrace.trainer.stream.StageClock;
import org.millrace.trainer.stream.StreamPosition;
import org.millrace.trainer.stream.TrainedImages;

/**
 * One run, trained from its topics: the state after a step is a function of the configuration, the journal's plans and the image log.
 *
 * <p>{@link #run} is called once, on the thread that made the trainer; {@link #stop} on any. The owner closes it.
 */
public final class Trainer implements AutoCloseable {
    private static final long PATIENCE_MILLIS = 100;
    private static final long PAUSE_NANOS = 2_000_000;
    private static final long READERS_NANOS = 20_000_000_000L; // a courtesy: all is durable
    /** How long {@link #stop()} lets the end wait for a broker that may be gone. */
    public static final Duration STOP_PATIENCE = Duration.ofSeconds(6);

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final TrainerEvents events;
    private final Clock clock;
    private final Moment.Listener moments;
    private final Memory memory;
    private final Learner learner;
    private final RunCheckpoints checkpoints;
    private final ReplayBuffer buffer; // as after the last computed step
    private final RunLock lock;
    private final RunWriter writer;
    private final Rejects rejects;
    private final EncoderPublisher publisher;

    private final StreamGaps gaps;
    private final CollapseWatch collapse = new CollapseWatch();
    private StreamPosition position;
    private long journalOffset;
    private long checkpointedStep;
    private volatile long giveUpNanos; // System.nanoTime() at which the end waits no longer, once stopped
    private volatile boolean stopped;

    /** Opens the run where it stands: its newest whole checkpoint, or the beginning. The topic of images must exist. */
    public Trainer(MillraceConfig config, KafkaSettings kafka, TrainerEvents events, Clock clock) {
        this(config, kafka, events, clock, Moment.Listener.NONE);
    }

    Trainer(MillraceConfig config, KafkaSettings kafka, TrainerEvents events, Clock clock, Moment.Listener moments) {
        this.moments = moments;
        this.config = config;
        this.kafka = kafka;
        this.events = events;
        this.clock = clock;
        RunSettings.requireSame(config, kafka); // before anything of the run is opened
        LogIdentity imageLog;
        try (var topics = new TopicSetup(kafka)) {
            imageLog = topics.identity(config.images().topic());
            topics.ensureRejected(config.images());
            topics.ensureRun(config.run().topics());
        }
        Opened opened = new Opened();
        try {
            this.lock = opened.add(RunLock.take(config));
            Torch torch = SelfTest.forTraining(config);
            this.memory = opened.add(RunCheckpoints.openMemory(config));
            this.learner = opened.add(new Learner(config, torch, memory));
            this.checkpoints =
                    opened.add(new RunCheckpoints(config, memory, learner, torch.description(), clock, moments));
            this.buffer = ReplayBuffer.of(config);
            RunCheckpoints.Restored restored = checkpoints.restore(buffer);
            this.position = restored.position();
            if (position.step() == 0) {
                InitialWeights.of(torch, config.encoder()).ifPresent(learner::initialise);
            }
            this.journalOffset = restored.journalOffset();
            this.checkpointedStep = restored.position().step();
            this.writer = RunWriter.open(
                    kafka,
                    config.run().topics(),
                    config.images().maxRecordBytes(),
                    started(torch.description(), imageLog));
            this.gaps = new StreamGaps(config, kafka, events, clock, writer, imageLog, restored.log());
            gaps.warnIfCompacted();
            this.rejects = new Rejects(writer, config.images());
            this.publisher = new EncoderPublisher(
                    writer,
                    config,
                    restored.published(),
                    clock,
                    weights -> FeatureTrial.problem(torch, config.encoder(), weights));
        } catch (RuntimeException | Error e) {
            opened.close();
            throw e;
        }
    }

    /**
     * Trains until a limit or {@link #stop}; then publishes the encoder and takes a checkpoint. A command that follows finds both.
     *
     * @throws UserException where the run cannot go on; what its topics and its last checkpoint hold is whole
     */
    public void run(TrainLimits limits) {
        Past past = onward(Optional.empty());
        events.starting(position.step(), past.plans().size());
        if (position.step() == 0) {
            publisher.publish(0, 0, learner.encoder());
        }
        Optional<LogGapException> gap = train(past, limits);
        while (gap.isPresent()) {
            long stuckAt = position.step();
            gaps.lookAgain();
            gap = train(onward(gap), limits);
            if (gap.isPresent() && position.step() == stuckAt) {
                throw gap.get();
            }
        }
        finish();
    }

    /** Trains until a limit, or until images are gone that come next. */
    private Optional<LogGapException> train(Past past, TrainLimits limits) {
        try (BrokerWatch watch = new BrokerWatch(kafka, config.images().topic(), gaps.log(), events);
                Pipeline pipeline = pipeline(past, limits).start()) {
            while (!stopped && !limits.reached(position.step())) {
                watch.check();
                StageClock stages = new StageClock(System::nanoTime);
                Optional<PreparedStep> prepared = waitForStep(pipeline);
                if (prepared.isEmpty()) {
                    break;
                }
                stages.lap(Stage.WAIT);
                if (!awaitPlan(prepared.get())) {
                    break;
                }
                stages.lap(Stage.JOURNAL);
                step(prepared.get(), pipeline, stages);
                pipeline.release(prepared.get().views());
                if (!limits.reached(position.step())) { // after the last step, encoder and checkpoint come with the end
                    afterStep();
                }
            }
            return Optional.empty();
        } catch (LogGapException e) {
            LogGapException explained = gaps.explained(e);
            if (config.trainer().onGap() == OnGap.FAIL) {
                throw explained;
            }
            return Optional.of(explained);
        }
    }

    private Past onward(Optional<LogGapException> met) {
        StreamGaps.Onward onward = gaps.onward(position, journalled(), met, () -> stopped);
        position = onward.position();
        return onward.past();
    }

    /** Makes {@link #run} return after the step that it computes now. */
    public void stop() {
        stop(STOP_PATIENCE);
    }

    /** Makes {@link #run} return after the step that it computes now; a silent broker is then waited for that long. */
    public void stop(Duration patience) {
        if (!stopped) {
            giveUpNanos = System.nanoTime() + patience.toNanos();
            stopped = true;
        }
    }

    @Override
    public void close() {
        writer.close();
        checkpoints.close();
        learner.close();
        memory.close();
        lock.close();
    }

    private void finish() {
        boolean unpublished = position.step() > publishedStep();
        if (unpublished) {
            publish();
        }
        if (unpublished || position.step() > checkpointedStep) { // a checkpoint also says what is published
            checkpoint();
        }
        Future<Long> all = writer.allSoFar();
        tellOfCheckpoint(checkpoints.awaitWritten(this::outOfPatience));
        while (!all.isDone() && !outOfPatience()) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        writer.check();
        if (!all.isDone()) {
            throw new UserException("the broker at " + kafka.bootstrapServers() + " does not answer: run "
                    + config.run().name() + " stops without a checkpoint of step " + position.step()
                    + ". Started again, it goes on from the one before, to the same weights.");
        }
        long enough = System.nanoTime() + READERS_NANOS;
        writer.awaitReadable(() -> outOfPatience() || System.nanoTime() - enough > 0);
    }

    // a request to stop is not kept waiting for a broker that may be gone
    private boolean outOfPatience() {
        return stopped && System.nanoTime() - giveUpNanos > 0;
    }

    private Optional<PreparedStep> waitForStep(Pipeline pipeline) {
        try {
            Optional<PreparedStep> step = pipeline.next();
            while (step.isEmpty() && !stopped && !pipeline.ended()) {
                tellOfCheckpoint(checkpoints.written()); // the last one before a stream that pauses
                step = pipeline.next();
            }
            return step;
        } catch (InterruptedException e) {
            stop();
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    // encode, contrast, update, enqueue → remember where we are → report
    private void step(PreparedStep prepared, Pipeline pipeline, StageClock stages) {
        long step = prepared.plan().step();
        moments.at(Moment.PLAN_DURABLE, step);
        Learner.Result result = learner.step(step, prepared.views(), prepared.images(), prepared.ids(), stages);
        moments.at(Moment.COMPUTED, step);
        buffer.apply(step, prepared.bufferChanges(), prepared.bufferOffered());
        if (buffer.usesFeatures()) {
            TrainedImages trained = new TrainedImages(step, prepared.images(), result.features());
            buffer.trained(trained);
            pipeline.trained(trained);
        }
        position = prepared.position();
        Optional<String> digest = digestAfter(step);
        stages.lap(Stage.DIGEST);
        prepared.rejections().forEach(rejects::send);
        Map<String, Double> millis = new TreeMap<>(prepared.millis());
        millis.putAll(stages.millis());
        double spread =
                CollapseWatch.spread(result.features(), prepared.images().size());
        int collapsedSteps = collapse.after(spread);
        StepDone done = new StepDone(
                JournalEvent.SCHEMA,
                step,
                position.imagesTrained(),
                position.imagesRejected(),
                result.loss(),
                result.accuracy(),
                result.learningRate(),
                result.momentum(),
                result.keySequence(),
                result.keysFilled(),
                OptionalDouble.of(spread),
                OptionalInt.of(collapsedSteps),
                result.health(),
                millis,
                digest,
                clock.millis());
        writer.report(done);
        moments.at(Moment.REPORTED, step);
        events.stepped(done);
        if (collapsedSteps == StepDone.COLLAPSED_STEPS) {
            events.collapsed(step);
        }
    }

    private Optional<String> digestAfter(long step) {
        int every = config.trainer().digestEverySteps();
        return every > 0 && step % every == 0 ? Optional.of(learner.digest()) : Optional.empty();
    }

    private void afterStep() {
        writer.check();
        tellOfCheckpoint(checkpoints.written());
        if (position.step() % config.trainer().publishEverySteps() == 0) {
            publish();
        }
        if (position.step() % config.trainer().checkpointEverySteps() == 0) {
            checkpoint();
        }
    }

    private long publishedStep() {
        List<Long> published = publisher.published();
        return published.isEmpty() ? 0 : published.get(published.size() - 1);
    }

    private void publish() {
        publisher.publish(position.step(), position.imagesTrained(), learner.encoder());
        moments.at(Moment.PUBLISHED, position.step());
        events.published(position.step());
    }

    private void checkpoint() {
        tellOfCheckpoint(checkpoints.take(
                position,
                gaps.log(),
                journalOffset,
                buffer,
                publisher.published(),
                writer.allSoFar(),
                this::outOfPatience));
        checkpointedStep = position.step();
    }

    private void tellOfCheckpoint(Optional<Long> step) {
        step.ifPresent(events::checkpointed);
    }

    private Future<Long> plan(StepPlan plan) {
        Future<Long> durable = writer.append(plan);
        moments.at(Moment.PLANNED, plan.step());
        return durable;
    }

    // nothing of a step happens before its plan is durable; false when stopped before
    private boolean awaitPlan(PreparedStep prepared) {
        try {
            while (!stopped) {
                try {
                    journalOffset = prepared.journalOffset().get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
                    return true;
                } catch (TimeoutException e) {
                    writer.check();
                }
            }
            return false;
        } catch (ExecutionException e) {
            writer.check();
            throw new UserException(
                    "the plan of step " + prepared.plan().step() + " could not be written: " + e.getCause(), e);
        } catch (InterruptedException e) {
            stop();
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private RunStarted started(String engine, LogIdentity imageLog) {
        return new RunStarted(
                JournalEvent.SCHEMA,
                position.step(),
                UUID.randomUUID().toString(),
                RunWriter.thisProcess(),
                engine,
                imageLog,
                ConfigLoader.effective(config),
                clock.millis());
    }

    private Pipeline pipeline(Past past, TrainLimits limits) {
        Consumer<byte[], byte[]> consumer = new KafkaConsumer<>(kafka.consumer(Pipeline.consumerSettings(config)));
        ReplayBuffer ahead = ReplayBuffer.of(config);
        ahead.restore(buffer.content(), buffer.offered());
        Optional<Map<Integer, Long>> ends = limits.untilEnd() ? Optional.of(ends(consumer)) : Optional.empty();
        return new Pipeline(config, consumer, position, ahead, past, Optional.of(this::plan), ends, events);
    }

    private Past journalled() {
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            return new JournalReader(consumer, config.run().topics()).plansAfter(position.step(), journalOffset);
        }
    }

    private Map<Integer, Long> ends(Consumer<byte[], byte[]> consumer) {
        List<TopicPartition> partitions = consumer.partitionsFor(config.images().topic()).stream()
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList();
        Map<Integer, Long> ends = new HashMap<>();
        consumer.endOffsets(partitions).forEach((partition, end) -> ends.put(partition.partition(), end));
        return ends;
    }
}

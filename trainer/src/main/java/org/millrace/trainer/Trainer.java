package org.millrace.trainer;

import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.encoder.InitialWeights;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.Memory;
import org.millrace.trainer.journal.Journal;
import org.millrace.trainer.journal.JournalReader;
import org.millrace.trainer.journal.JournalReader.JournalledPlan;
import org.millrace.trainer.objective.StageClock;
import org.millrace.trainer.stream.Pipeline;
import org.millrace.trainer.stream.PreparedStep;
import org.millrace.trainer.stream.ReplayBuffer;
import org.millrace.trainer.stream.StreamPosition;
import org.millrace.trainer.stream.TrainedImages;

/**
 * One run, trained from its topics: the state after a step is a function of the configuration, the journal's plans and the image log.
 *
 * <p>{@link #run} is called once, on the thread that made the trainer; {@link #stop} on any. The owner closes it.
 */
public final class Trainer implements AutoCloseable {
    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final TrainerEvents events;
    private final Clock clock;
    private final Memory memory;
    private final Learner learner;
    private final RunCheckpoints checkpoints;
    private final ReplayBuffer buffer; // as after the last computed step
    private final Producer<byte[], byte[]> producer;
    private final Outbox outbox;
    private final Journal journal;
    private final Rejects rejects;
    private final EncoderPublisher publisher;

    private StreamPosition position;
    private long journalOffset;
    private long checkpointedStep;
    private volatile boolean stopped;

    /** Opens the run where it stands: its newest whole checkpoint, or the beginning. The topic of images must exist. */
    public Trainer(MillraceConfig config, KafkaSettings kafka, TrainerEvents events, Clock clock) {
        this.config = config;
        this.kafka = kafka;
        this.events = events;
        this.clock = clock;
        try (var topics = new TopicSetup(kafka)) {
            topics.require(config.images().topic());
            topics.ensureRejected(config.images());
            topics.ensureRun(config.run().topics());
        }
        Torch torch = Torch.start(config.run());
        this.memory = RunCheckpoints.openMemory(config);
        this.learner = new Learner(config, torch, memory);
        this.checkpoints = new RunCheckpoints(config, memory, learner, torch.description(), clock);
        this.buffer = ReplayBuffer.of(config);
        RunCheckpoints.Restored restored = checkpoints.restore(buffer);
        this.position = restored.position();
        if (position.step() == 0) {
            InitialWeights.of(config.encoder()).ifPresent(learner::initialise);
        }
        this.journalOffset = restored.journalOffset();
        this.checkpointedStep = restored.position().step();
        this.producer = new KafkaProducer<>(kafka.producer(producerNeeds()));
        this.journal = new Journal(producer, config.run().topics());
        this.outbox = new Outbox(producer);
        this.rejects = new Rejects(outbox, config.images());
        this.publisher = new EncoderPublisher(outbox, config, restored.published(), clock);
    }

    /** Trains until a limit or {@link #stop}; then publishes the encoder and takes a checkpoint. */
    public void run(TrainLimits limits) {
        List<JournalledPlan> past = journalledPlans();
        events.starting(position.step(), past.size());
        if (position.step() == 0) {
            publisher.publish(0, 0, learner.encoder());
        }
        try (Pipeline pipeline = pipeline(past, limits).start()) {
            while (!stopped && !limits.reached(position.step())) {
                StageClock stages = new StageClock(System::nanoTime);
                Optional<PreparedStep> prepared = waitForStep(pipeline);
                if (prepared.isEmpty()) {
                    break;
                }
                stages.lap("wait");
                step(prepared.get(), pipeline, stages);
                pipeline.release(prepared.get().views());
                if (!limits.reached(position.step())) { // after the last step, encoder and checkpoint come below
                    afterStep();
                }
            }
        }
        boolean unpublished = position.step() > publishedStep();
        if (unpublished) {
            publish();
        }
        if (unpublished || position.step() > checkpointedStep) { // a checkpoint also says what is published
            checkpoint();
        }
        producer.flush();
        outbox.check();
    }

    /** Makes {@link #run} return after the step that it computes now. */
    public void stop() {
        stopped = true;
    }

    @Override
    public void close() {
        producer.close();
        learner.close();
        memory.close();
    }

    private Optional<PreparedStep> waitForStep(Pipeline pipeline) {
        try {
            return pipeline.next(() -> stopped);
        } catch (InterruptedException e) {
            stopped = true;
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    // plan durable → encode, contrast, update, enqueue → remember where we are → report
    private void step(PreparedStep prepared, Pipeline pipeline, StageClock stages) {
        journalOffset = durable(prepared);
        stages.lap("journal");
        long step = prepared.plan().step();
        Learner.Result result = learner.step(step, prepared.views(), prepared.images(), prepared.ids(), stages);
        buffer.apply(step, prepared.bufferChanges(), prepared.bufferOffered());
        if (buffer.usesFeatures()) {
            TrainedImages trained = new TrainedImages(step, prepared.images(), features(result));
            buffer.trained(trained);
            pipeline.trained(trained);
        }
        position = prepared.position();
        Optional<String> digest = digestAfter(step);
        stages.lap("digest");
        prepared.rejections().forEach(rejects::send);
        Map<String, Double> millis = new TreeMap<>(prepared.millis());
        millis.putAll(stages.millis());
        StepDone done = new StepDone(
                JournalEvent.SCHEMA,
                step,
                position.imagesTrained(),
                position.imagesRejected(),
                result.loss(),
                result.accuracy(),
                result.learningRate(),
                result.keySequence(),
                result.keysFilled(),
                millis,
                digest,
                clock.millis());
        outbox.send(journal.record(done));
        events.stepped(done);
    }

    private Optional<String> digestAfter(long step) {
        int every = config.trainer().digestEverySteps();
        return every > 0 && step % every == 0 ? Optional.of(learner.digest()) : Optional.empty();
    }

    private float[] features(Learner.Result result) {
        return result.features()
                .orElseThrow(() -> new UserException("replay.policy=min-red needs the features of trained images, which"
                        + " trainer.objective=" + ConfigLoader.effective(config).get("trainer.objective")
                        + " does not give. Set replay.policy to reservoir or fifo."));
    }

    private void afterStep() {
        outbox.check();
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
        events.published(position.step());
    }

    private void checkpoint() {
        checkpoints.take(position, journalOffset, buffer, publisher.published());
        checkpointedStep = position.step();
        events.checkpointed(position.step());
    }

    private long durable(PreparedStep prepared) {
        try {
            return prepared.journalOffset().get();
        } catch (ExecutionException e) {
            throw new UserException(
                    "the plan of step " + prepared.plan().step() + " could not be written to "
                            + config.run().topics().steps() + ": " + e.getCause()
                            + ". The run goes on from its last checkpoint when it is started again.",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserException("interrupted while the plan of a step was being written", e);
        }
    }

    private Pipeline pipeline(List<JournalledPlan> past, TrainLimits limits) {
        Consumer<byte[], byte[]> consumer = new KafkaConsumer<>(kafka.consumer(Pipeline.consumerSettings(config)));
        ReplayBuffer ahead = ReplayBuffer.of(config);
        ahead.restore(buffer.content(), buffer.offered());
        Optional<Map<Integer, Long>> ends = limits.untilEnd() ? Optional.of(ends(consumer)) : Optional.empty();
        return new Pipeline(config, consumer, position, ahead, past, Optional.of(journal::append), ends, events);
    }

    private List<JournalledPlan> journalledPlans() {
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

    private Map<String, Object> producerNeeds() {
        return Map.of("max.request.size", config.images().maxBytes() + 65_536, "linger.ms", 5);
    }
}

package org.millrace.trainer.stream;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.Threads;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.trainer.gate.Gate;

/**
 * Prepares the coming steps on a thread of its own while the present one computes: fetch → decode → plan → mix → views; {@link
 * Preparation} shares decoding and views among further threads. At most {@code trainer.prefetch-batches} steps wait; then fetching
 * pauses. First come the plans that the journal holds already, then new ones.
 */
public final class Pipeline implements AutoCloseable {
    private static final long PATIENCE_MILLIS = 100;
    private static final Duration CLOSING = Duration.ofSeconds(1);
    private static final int FETCHED_BYTES = 16 << 20;
    private static final int DEALT_BYTES =
            256 << 10; // of a partition at once: what follows a slot's ranges is another slot's

    private final MillraceConfig config;
    private final Consumer<byte[], byte[]> consumer;
    private final ReplayBuffer buffer;
    private final Gate gate;
    private final Preparation preparation;
    private final ComingSteps coming; // of the thread, once that runs
    private final BlockingQueue<TrainedStep> trained = new LinkedBlockingQueue<>();
    private final BlockingQueue<PreparedStep> ready;
    private final BlockingQueue<ViewBuffers> free;
    private final Optional<List<OffsetRange>> dealt;
    private final Thread thread;

    private volatile boolean stopped;
    private volatile boolean ended;
    private volatile @Nullable RuntimeException failure;

    /**
     * @param consumer of the topic images, closed here
     * @param from after the step to go on from. A pipeline of journalled plans alone keeps in its image store what its buffer needs, and
     *     nothing else
     */
    public Pipeline(
            MillraceConfig config,
            Consumer<byte[], byte[]> consumer,
            StreamState from,
            PlanSource plans,
            StreamEvents events) {
        this.config = config;
        this.consumer = consumer;
        this.buffer = from.buffer();
        this.gate = from.gate();
        this.dealt = plans.dealt();
        boolean journalledAlone = plans.journal().isEmpty();
        this.preparation =
                new Preparation(config, journalledAlone ? LogDecoder.reading(config) : LogDecoder.ofTrainer(config));
        var files = new BufferFiles(from.images(), buffer, journalledAlone);
        this.coming = new ComingSteps(config, from.position(), buffer, files, preparation, plans, events);
        int slots = config.trainer().prefetchBatches() + 1;
        this.ready = new ArrayBlockingQueue<>(slots);
        this.free = new ArrayBlockingQueue<>(slots);
        for (int i = 0; i < slots; i++) {
            free.add(ViewBuffers.allocate(preparation.views(), config.trainer().batchSize(), config.encoder()));
        }
        this.thread = BackgroundThreads.of(this::run, "millrace-prepare");
    }

    /**
     * A pipeline that reads the topic images of a broker; the other parameters are those of the constructor.
     *
     * @param untilEnd whether to end with what the log holds now
     */
    public static Pipeline open(
            MillraceConfig config,
            KafkaSettings kafka,
            StreamState from,
            PlanSource plans,
            boolean untilEnd,
            StreamEvents events) {
        Map<String, Object> settings = new HashMap<>(consumerSettings(config));
        plans.dealt().ifPresent(ranges -> settings.put("max.partition.fetch.bytes", DEALT_BYTES));
        var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(settings));
        PlanSource ending =
                untilEnd ? plans.until(ImageLog.ends(consumer, config.images().topic())) : plans;
        return new Pipeline(config, consumer, from, ending, events);
    }

    /**
     * A pipeline of the whole batches in given ranges, in an order that depends on nothing else; without a replay buffer.
     *
     * @param before number of the step before the first
     * @param dealt ascending in each partition
     */
    public static Pipeline ofDealt(
            MillraceConfig config, KafkaSettings kafka, long before, List<OffsetRange> dealt, StreamEvents events) {
        var position = new StreamPosition(before, DealtImages.starts(dealt), Map.of(), 0, 0);
        var from = new StreamState(position, ReplayBuffer.of(config), Optional.empty(), new Gate(config));
        return open(config, kafka, from, PlanSource.ofDeal(dealt), false, events);
    }

    // a record of the largest size must fit
    static Map<String, Object> consumerSettings(MillraceConfig config) {
        int largest = config.images().maxRecordBytes();
        return Map.of(
                "fetch.max.bytes",
                2 * largest,
                "max.partition.fetch.bytes",
                largest,
                "max.poll.records",
                config.trainer().batchSize());
    }

    public Pipeline start() {
        thread.start();
        return this;
    }

    /**
     * The next step, waiting for it up to a tenth of a second; empty when there is none yet, or {@link #ended()}. Its buffers must be
     * given back by {@link #release}. Rethrows what stopped the preparing thread.
     */
    public Optional<PreparedStep> next() throws InterruptedException {
        PreparedStep step = ready.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        RuntimeException problem = failure;
        if (step == null && problem != null) {
            throw problem;
        }
        return Optional.ofNullable(step);
    }

    /** The next step, waiting for it until {@code stopped} holds; empty then, or when {@link #ended()}. */
    public Optional<PreparedStep> next(BooleanSupplier stopped) throws InterruptedException {
        Optional<PreparedStep> step = next();
        while (step.isEmpty() && !stopped.getAsBoolean() && !ended()) {
            step = next();
        }
        return step;
    }

    /** Whether every step has been handed out and none will follow. */
    public boolean ended() {
        return ended && ready.isEmpty() && failure == null;
    }

    /** Takes what training a step found out, before its buffers are released, so that preparing need not wait for it. */
    public void trained(TrainedStep step) {
        if (buffer.learns()) {
            trained.add(step);
        }
    }

    public void release(ViewBuffers buffers) {
        free.add(buffers);
    }

    /** Stops preparing; steps not handed out are dropped, their plans stay in the journal for the next start. */
    @Override
    public void close() {
        stopped = true;
        Threads.awaitEnd(thread);
    }

    private void run() {
        try {
            StreamPosition position = coming.position();
            var log = new ImageLog(
                    consumer, config.images().topic(), position.nextOffsets(), position.leaderEpochs(), FETCHED_BYTES);
            dealt.ifPresent(ranges -> log.fetchOnly(DealtImages.starts(ranges).keySet()));
            var assembler = new BatchAssembler(
                    log,
                    preparation,
                    gate,
                    new OtherFrames(config),
                    config.trainer().batchSize(),
                    () -> stopped,
                    dealt.map(ranges -> new DealtImages(log, ranges)));
            Optional<PreparedStep> step = prepare(assembler);
            while (step.isPresent()) {
                ready.add(step.get()); // there is room: it has as many places as there are buffers
                step = prepare(assembler);
            }
        } catch (InterruptedException e) {
            failure = stopped ? null : new IllegalStateException("the thread that prepares steps was interrupted", e);
            stopped = true;
        } catch (RuntimeException e) {
            failure = e;
        } catch (Error e) {
            failure = new IllegalStateException("the thread that prepares steps failed: " + e, e);
        } finally {
            ended = true;
            preparation.close();
            consumer.close(CloseOptions.timeout(CLOSING)); // a broker that is gone would be waited for
        }
    }

    private Optional<PreparedStep> prepare(BatchAssembler assembler) throws InterruptedException {
        ViewBuffers views = free.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        while (views == null) {
            if (stopped) {
                return Optional.empty();
            }
            views = free.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        }
        return awaitTrained(coming.position().step() + 1) ? coming.next(assembler, views) : Optional.empty();
    }

    /** Begins a step in the buffer, once it knows the features and losses that count then; false when stopped before. */
    private boolean awaitTrained(long step) throws InterruptedException {
        while (!buffer.isReadyFor(step)) {
            TrainedStep next = trained.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            if (next != null) {
                buffer.trained(next);
            } else if (stopped) {
                return false;
            }
        }
        buffer.begin(step);
        return true;
    }
}

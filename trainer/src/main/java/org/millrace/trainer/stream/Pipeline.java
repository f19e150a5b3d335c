package org.millrace.trainer.stream;

import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.trainer.journal.JournalReader.JournalledPlan;
import org.millrace.trainer.journal.JournalReader.Past;
import org.millrace.trainer.objective.StageClock;

/**
 * Prepares the coming steps on a thread of its own while the present one computes: fetch → decode → plan → mix → views; {@link
 * Preparation} shares decoding and views among further threads. At most {@code trainer.prefetch-batches} steps wait; then fetching
 * pauses. First come the plans that the journal holds already, then new ones.
 */
public final class Pipeline implements AutoCloseable {
    private static final long PATIENCE_MILLIS = 100;
    private static final Duration CLOSING = Duration.ofSeconds(1);
    private static final int FETCHED_BYTES = 16 << 20;

    private final MillraceConfig config;
    private final Consumer<byte[], byte[]> consumer;
    private final Iterator<JournalledPlan> journalled;
    private final Optional<StreamSkipped> skippedAfter;
    private final Optional<Function<StepPlan, Future<Long>>> journal;
    private final Optional<Map<Integer, Long>> ends;
    private final StreamEvents events;
    private final ReplayBuffer buffer;
    private final Preparation preparation;
    private final BlockingQueue<TrainedImages> trained = new LinkedBlockingQueue<>();
    private final BlockingQueue<PreparedStep> ready;
    private final BlockingQueue<ViewBuffers> free;
    private final Thread thread;

    private StreamPosition position;
    private boolean skipped;
    private volatile boolean stopped;
    private volatile boolean ended;
    private volatile @Nullable RuntimeException failure;

    /**
     * @param consumer of the topic images, closed here
     * @param position after the step to go on from
     * @param buffer the replay buffer after that step; this pipeline changes it
     * @param past what the journal holds already of the following steps
     * @param journal makes a new plan durable; completes with the journal's offset behind it. Empty: the pipeline ends with the
     *     journalled plans
     * @param ends offsets at which the stream counts as ended, or none to wait for more for ever
     */
    public Pipeline(
            MillraceConfig config,
            Consumer<byte[], byte[]> consumer,
            StreamPosition position,
            ReplayBuffer buffer,
            Past past,
            Optional<Function<StepPlan, Future<Long>>> journal,
            Optional<Map<Integer, Long>> ends,
            StreamEvents events) {
        this.config = config;
        this.consumer = consumer;
        this.position = position;
        this.buffer = buffer;
        this.journalled = past.plans().iterator();
        this.skippedAfter = past.skippedAfter();
        this.skipped = skippedAfter.isEmpty();
        this.journal = journal;
        this.ends = ends;
        this.events = events;
        this.preparation = new Preparation(
                config, journal.isPresent() ? LogDecoder.ofTrainer(config) : LogDecoder.reading(config));
        int slots = config.trainer().prefetchBatches() + 1;
        this.ready = new ArrayBlockingQueue<>(slots);
        this.free = new ArrayBlockingQueue<>(slots);
        for (int i = 0; i < slots; i++) {
            free.add(ViewBuffers.allocate(config.trainer().batchSize(), config.encoder()));
        }
        this.thread = new Thread(this::run, "millrace-prepare");
    }

    /** What the consumer of the topic images must be able to fetch. */
    public static Map<String, Object> consumerSettings(MillraceConfig config) {
        int largest = config.images().maxBytes() + 65_536;
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

    /** Tells of a step that has been trained; before its buffers are released, so that preparing need not wait for it. */
    public void trained(TrainedImages images) {
        if (buffer.usesFeatures()) {
            trained.add(images);
        }
    }

    public void release(ViewBuffers views) {
        free.add(views);
    }

    /** Stops preparing; steps not handed out are dropped, their plans stay in the journal for the next start. */
    @Override
    public void close() {
        stopped = true;
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            var log = new ImageLog(
                    consumer, config.images().topic(), position.nextOffsets(), position.leaderEpochs(), FETCHED_BYTES);
            var assembler =
                    new BatchAssembler(log, preparation, config.trainer().batchSize(), () -> stopped);
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
        return awaitFeatures(position.step() + 1) ? prepare(assembler, views) : Optional.empty();
    }

    /** Begins a step in the buffer, once it knows the features that count then; false when stopped before. */
    private boolean awaitFeatures(long step) throws InterruptedException {
        while (!buffer.isReadyFor(step)) {
            TrainedImages next = trained.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            if (next != null) {
                buffer.trained(next);
            } else if (stopped) {
                return false;
            }
        }
        buffer.begin(step);
        return true;
    }

    private Optional<PreparedStep> prepare(BatchAssembler assembler, ViewBuffers views) throws InterruptedException {
        StageClock clock = new StageClock(System::nanoTime);
        long step = position.step() + 1;
        if (journalled.hasNext()) {
            JournalledPlan past = journalled.next();
            past.skippedBefore().ifPresent(skip -> moveTo(skip, assembler));
            Future<Long> offset = CompletableFuture.completedFuture(past.nextOffset());
            if (past.plan().fresh()) {
                Optional<FreshBatch> batch = assembler.again(past.plan(), clock);
                return batch.isEmpty()
                        ? Optional.empty()
                        : Optional.of(fresh(past.plan(), offset, batch.get(), views, clock));
            }
            return Optional.of(replay(past.plan(), offset, views, clock));
        }
        if (journal.isEmpty()) {
            return Optional.empty();
        }
        if (!skipped) {
            skipped = true;
            moveTo(skippedAfter.orElseThrow(), assembler);
        }
        Function<StepPlan, Future<Long>> append = journal.get();
        if ((step - 1) % config.replay().updatesPerBatch() == 0) {
            Optional<FreshBatch> batch = assembler.next(ends, events, clock);
            if (batch.isEmpty()) {
                return Optional.empty();
            }
            StepPlan plan = new StepPlan(
                    step, batch.get().ranges(), batch.get().decoded().size());
            return Optional.of(fresh(plan, append.apply(plan), batch.get(), views, clock));
        }
        StepPlan plan = new StepPlan(step, List.of(), 0);
        return Optional.of(replay(plan, append.apply(plan), views, clock));
    }

    private void moveTo(StreamSkipped skip, BatchAssembler assembler) {
        assembler.moveTo(skip.nextOffsets());
        position = position.movedTo(skip.nextOffsets());
    }

    private PreparedStep fresh(
            StepPlan plan, Future<Long> offset, FreshBatch batch, ViewBuffers views, StageClock clock)
            throws InterruptedException {
        clock.lap("plan");
        List<LoggedImage> fresh = batch.images();
        var changes = buffer.offer(fresh, random(plan, Purpose.BUFFER_INSERT));
        clock.lap("mix");
        preparation.makeViews(plan.step(), batch.decoded(), views);
        clock.lap("views");
        position = position.afterFresh(batch);
        var images = fresh.stream().map(LoggedImage::at).toList();
        var ids = fresh.stream().map(LoggedImage::id).toList();
        return new PreparedStep(
                plan, offset, position, images, ids, views, batch.rejections(), changes, fresh.size(), clock.millis());
    }

    private PreparedStep replay(StepPlan plan, Future<Long> offset, ViewBuffers views, StageClock clock)
            throws InterruptedException {
        clock.lap("plan");
        List<LoggedImage> batch = buffer.draw(config.trainer().batchSize(), random(plan, Purpose.BUFFER_DRAW));
        List<DecodedImage> decoded =
                preparation.decode(batch).stream().map(Pipeline::stillDecoded).toList();
        clock.lap("mix");
        preparation.makeViews(plan.step(), decoded, views);
        clock.lap("views");
        position = position.afterReplay();
        var images = batch.stream().map(LoggedImage::at).toList();
        var ids = batch.stream().map(LoggedImage::id).toList();
        return new PreparedStep(plan, offset, position, images, ids, views, List.of(), List.of(), 0, clock.millis());
    }

    private static DecodedImage stillDecoded(DecodeOutcome outcome) {
        if (outcome instanceof DecodedImage decoded) {
            return decoded;
        }
        Rejection rejection = (Rejection) outcome;
        throw new IllegalStateException("an image of the replay buffer no longer decodes: "
                + rejection.image().at() + ": " + rejection.reason());
    }

    private CounterRandom random(StepPlan plan, Purpose purpose) {
        return CounterRandom.of(config.run().seed(), plan.step(), purpose, 0);
    }
}

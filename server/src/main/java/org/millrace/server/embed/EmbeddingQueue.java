package org.millrace.server.embed;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.registry.EncoderWatch;
import org.millrace.contract.registry.PublishedSpace;
import org.millrace.numerics.AffineMap;
import org.millrace.server.embed.ClientShares.Call;
import org.millrace.server.embed.FairPool.Length;
import org.millrace.server.embed.ScaledImages.Judged;
import org.millrace.server.embed.ScaledImages.Scaled;

/**
 * A queue of images to embed: decode → wait → embed. Images are decoded on a pool that clients share fairly; those waiting together are
 * embedded in one batch, by the run's current encoder or a requested version; the images of one call always get one version. Thread safe; a
 * dedicated thread owns the encoders.
 */
public final class EmbeddingQueue implements AutoCloseable {
    /** How long the first call of a batch waits for others. */
    private static final long LINGER_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private static final int LEAST_DECODERS = 4;

    private final EncoderWatch encoders;
    private final LoadedEncoders loaded;
    private final int batchSize;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private final Thread thread;
    private final FairPool decoders = new FairPool(
            "millrace-decode", Math.max(LEAST_DECODERS, Runtime.getRuntime().availableProcessors()));
    private final ScaledImages scaled;
    private final ClientShares shares; // guarded by the lock

    private int imagesWaiting;
    private boolean closed;

    /** The decoded images of one call. */
    private record Waiting(List<Scaled> images, WantedFeatures wanted, CompletableFuture<Embeddings> answer) {}

    private EmbeddingQueue(MillraceConfig config, EncoderWatch encoders) {
        this.encoders = encoders;
        this.loaded = new LoadedEncoders(config);
        this.batchSize = config.evaluator().batchSize();
        this.scaled = new ScaledImages(config);
        this.shares = new ClientShares(config);
        this.thread = new Thread(this::run, "millrace-embed");
        thread.setDaemon(true);
    }

    /** Starts its thread; PyTorch starts with the first image. The caller closes it, and the encoders after it. */
    public static EmbeddingQueue start(MillraceConfig config, EncoderWatch encoders) {
        EmbeddingQueue queue = new EmbeddingQueue(config, encoders);
        queue.thread.start();
        return queue;
    }

    /**
     * Queues at least one encoded image; empty where too many are waiting already, overall or of this client. The future completes on the
     * queue's threads, which must not block; it fails with {@link UserException} where there is no such encoder.
     *
     * @param client the sender: clients are decoded in turns, and none may hold more than three quarters of the queue, of which images that
     *     are expensive to decode may make up two thirds
     */
    public Optional<CompletableFuture<Embeddings>> offer(String client, List<byte[]> images, WantedFeatures wanted) {
        List<Judged> all = scaled.judge(images);
        Call call = new Call(
                client, all.size(), all.stream().mapToLong(Judged::work).sum());
        var answer = new CompletableFuture<Embeddings>();
        lock.lock();
        try {
            if (closed) {
                throw stopping();
            }
            if (!shares.admit(call)) {
                return Optional.empty();
            }
        } finally {
            lock.unlock();
        }
        CompletableFuture<Embeddings> released = answer.whenComplete((made, problem) -> release(call));
        decoders.run(client, call.isLong() ? Length.LONG : Length.SHORT, () -> decode(all, wanted, answer));
        return Optional.of(released);
    }

    private void release(Call call) {
        lock.lock();
        try {
            shares.release(call);
        } finally {
            lock.unlock();
        }
    }

    /** Waits while a whole batch is decoded already: encoded images take less memory. */
    private void decode(List<Judged> images, WantedFeatures wanted, CompletableFuture<Embeddings> answer) {
        try {
            if (isClosed()) {
                answer.completeExceptionally(stopping());
                return;
            }
            Waiting decoded = new Waiting(scaled.of(images), wanted, answer);
            lock.lockInterruptibly();
            try {
                while (imagesWaiting >= batchSize && !closed) {
                    changed.await();
                }
                if (closed) {
                    answer.completeExceptionally(stopping());
                    return;
                }
                waiting.add(decoded);
                imagesWaiting += images.size();
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            answer.completeExceptionally(stopping());
        } catch (RuntimeException | Error e) { // the next may succeed
            answer.completeExceptionally(e);
        }
    }

    private boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    private static UserException stopping() {
        return new UserException("embeddings: the server is stopping");
    }

    /** Finishes the batch being computed, and fails the calls that are waiting. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        decoders.close();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            for (List<Waiting> batch = nextBatch(); !batch.isEmpty(); batch = nextBatch()) {
                embed(batch);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            loaded.close();
            waiting.forEach(each -> each.answer().completeExceptionally(stopping()));
        }
    }

    /** The next calls to embed together; empty once closed. */
    private List<Waiting> nextBatch() throws InterruptedException {
        lock.lock();
        try {
            while (waiting.isEmpty() && !closed) {
                changed.await();
            }
            long left = LINGER_NANOS;
            while (imagesWaiting < batchSize && !closed && left > 0) {
                left = changed.awaitNanos(left);
            }
            List<Waiting> batch = new ArrayList<>();
            int images = 0;
            while (!closed && !waiting.isEmpty()) {
                int more = waiting.element().images().size();
                if (images > 0 && images + more > batchSize) {
                    break;
                }
                images += more;
                imagesWaiting -= more;
                batch.add(waiting.remove());
            }
            changed.signalAll(); // there is room for decoded images
            return batch;
        } finally {
            lock.unlock();
        }
    }

    private void embed(List<Waiting> batch) {
        Map<WantedFeatures, List<Waiting>> byWish = new LinkedHashMap<>();
        batch.forEach(each -> byWish.computeIfAbsent(each.wanted(), wanted -> new ArrayList<>())
                .add(each));
        byWish.forEach((wanted, some) -> {
            try {
                OptionalLong version = wanted.version();
                LoadedEncoders.Loaded encoder = version.isEmpty()
                        ? loaded.of(encoders.current())
                        : loaded.known(version.getAsLong())
                                .orElseGet(() -> loaded.of(encoders.version(version.getAsLong())));
                embed(some, encoder, wanted.space());
            } catch (RuntimeException | Error e) { // the next batch may succeed
                some.forEach(each -> each.answer().completeExceptionally(e));
            }
        });
    }

    private void embed(List<Waiting> together, LoadedEncoders.Loaded encoder, OptionalLong space) {
        List<Scaled> images =
                together.stream().flatMap(each -> each.images().stream()).toList();
        List<Embeddings.Row> rows = new ArrayList<>();
        for (int from = 0; from < images.size(); from += batchSize) {
            rows.addAll(encoder.embedScaled(images.subList(from, Math.min(images.size(), from + batchSize))));
        }
        List<Embeddings.Row> made = space.isEmpty()
                ? rows
                : encoder.inSpace(space.getAsLong(), rows, manifest -> adapter(manifest, space.getAsLong()));
        int dimension = Embeddings.dimension(made).orElse(encoder.dimension());
        int at = 0;
        for (Waiting each : together) {
            int end = at + each.images().size();
            each.answer().complete(new Embeddings(encoder.version(), space, dimension, made.subList(at, end)));
            at = end;
        }
    }

    private AffineMap adapter(EncoderManifest encoder, long space) {
        PublishedSpace found = encoders.adapter(encoder, space);
        return AffineMap.of(
                found.file(), found.manifest().inputs(), found.manifest().outputs());
    }
}

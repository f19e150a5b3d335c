package org.millrace.app.embed;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;

/**
 * Images that wait to be embedded: those that wait together are embedded together, by the run's current encoder or a version asked for,
 * and what one call hands over is never split among versions. Thread safe; one thread of its own owns the encoders.
 */
public final class EmbeddingQueue implements AutoCloseable {
    /** How long the first of a batch waits for others. */
    private static final long LINGER_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private static final int BATCHES_HELD = 4;

    private final RunEncoders encoders;
    private final LoadedEncoders loaded;
    private final int batchSize;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private final Thread thread;
    private int imagesWaiting;
    private boolean closed;

    /** What one call handed over. */
    private record Waiting(List<byte[]> images, OptionalLong version, CompletableFuture<Embeddings> answer) {}

    private EmbeddingQueue(MillraceConfig config, RunEncoders encoders) {
        this.encoders = encoders;
        this.loaded = new LoadedEncoders(config);
        this.batchSize = config.evaluator().batchSize();
        this.thread = new Thread(this::run, "millrace-embed");
        thread.setDaemon(true);
    }

    /** Starts its thread; PyTorch starts with the first image. The caller closes it, and the encoders after it. */
    public static EmbeddingQueue start(MillraceConfig config, RunEncoders encoders) {
        EmbeddingQueue queue = new EmbeddingQueue(config, encoders);
        queue.thread.start();
        return queue;
    }

    /**
     * Hands over encoded images, at least one; empty where too many wait already. The answer comes on the queue's thread, where nothing
     * may wait; it fails with {@link UserException} where there is no such encoder.
     *
     * @param version of the encoder; empty for the current one
     */
    public Optional<CompletableFuture<Embeddings>> offer(List<byte[]> images, OptionalLong version) {
        var answer = new CompletableFuture<Embeddings>();
        lock.lock();
        try {
            if (closed) {
                throw new UserException("embeddings: the server is stopping");
            }
            if (imagesWaiting > 0 && imagesWaiting + images.size() > BATCHES_HELD * batchSize) {
                return Optional.empty();
            }
            waiting.add(new Waiting(List.copyOf(images), version, answer));
            imagesWaiting += images.size();
            changed.signalAll();
            return Optional.of(answer);
        } finally {
            lock.unlock();
        }
    }

    /** Finishes the batch that is being computed, and fails what waits. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
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
            waiting.forEach(each ->
                    each.answer().completeExceptionally(new UserException("embeddings: the server is stopping")));
        }
    }

    /** What is to be embedded together; nothing once it is closed. */
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
            return batch;
        } finally {
            lock.unlock();
        }
    }

    private void embed(List<Waiting> batch) {
        Map<Long, List<Waiting>> byVersion = new TreeMap<>();
        batch.forEach(each -> byVersion
                .computeIfAbsent(each.version().orElse(-1), version -> new ArrayList<>())
                .add(each));
        byVersion.forEach((version, some) -> {
            try {
                LoadedEncoders.Loaded encoder = version < 0
                        ? loaded.of(encoders.current())
                        : loaded.known(version).orElseGet(() -> loaded.of(encoders.version(version)));
                embed(some, encoder);
            } catch (RuntimeException | Error e) { // the next batch may fare better
                some.forEach(each -> each.answer().completeExceptionally(e));
            }
        });
    }

    private void embed(List<Waiting> together, LoadedEncoders.Loaded encoder) {
        List<byte[]> images =
                together.stream().flatMap(each -> each.images().stream()).toList();
        List<Embeddings.Row> rows = new ArrayList<>();
        for (int from = 0; from < images.size(); from += batchSize) {
            rows.addAll(encoder.embed(images.subList(from, Math.min(images.size(), from + batchSize))));
        }
        int at = 0;
        for (Waiting each : together) {
            int end = at + each.images().size();
            each.answer().complete(new Embeddings(encoder.version(), encoder.dimension(), rows.subList(at, end)));
            at = end;
        }
    }
}

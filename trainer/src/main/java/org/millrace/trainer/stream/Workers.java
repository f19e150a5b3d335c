package org.millrace.trainer.stream;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A fixed number of threads, the caller's among them, that share the items of a batch. For one caller. */
final class Workers implements AutoCloseable {
    private final int threads;
    private final ExecutorService others;

    /** What is done to an item; {@code worker}, from 0 to the number of threads − 1, names the thread that does it. */
    interface Work {
        void on(int worker, int item);
    }

    Workers(int threads) {
        this.threads = threads;
        AtomicInteger started = new AtomicInteger(1);
        this.others = Executors.newFixedThreadPool(
                Math.max(1, threads - 1), // started when there is work
                task -> BackgroundThreads.of(task, "millrace-prepare-" + started.incrementAndGet()));
    }

    int threads() {
        return threads;
    }

    /**
     * Does the work on each of the items 0 to {@code count} − 1 once, in no particular order, and returns when no thread works any more.
     * After a failure, which is rethrown, no further item is begun.
     */
    void each(int count, Work work) throws InterruptedException {
        AtomicInteger next = new AtomicInteger();
        List<Future<?>> shares = new ArrayList<>();
        for (int other = 1; other < Math.min(threads, count); other++) {
            int worker = other;
            shares.add(others.submit(() -> share(worker, next, count, work)));
        }
        FutureTask<?> own = new FutureTask<>(() -> share(0, next, count, work), null);
        own.run();
        shares.add(own);
        Throwable failure = null;
        for (Future<?> share : shares) {
            try {
                share.get();
            } catch (ExecutionException e) {
                failure = failure == null ? e.getCause() : failure;
            }
        }
        rethrow(failure);
    }

    private static void share(int worker, AtomicInteger next, int count, Work work) {
        for (int item = next.getAndIncrement(); item < count; item = next.getAndIncrement()) {
            try {
                work.on(worker, item);
            } catch (RuntimeException | Error e) {
                next.set(count);
                throw e;
            }
        }
    }

    private static void rethrow(@Nullable Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
    }

    @Override
    public void close() {
        others.shutdown();
    }
}

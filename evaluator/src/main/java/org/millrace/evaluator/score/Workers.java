package org.millrace.evaluator.score;

import static org.millrace.contract.Check.check;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/** A few threads, the caller's among them, that share numbered blocks of work. One caller at a time. */
public final class Workers implements AutoCloseable {
    private final int helpers;
    private final ExecutorService pool;

    public Workers(int threads) {
        check(threads >= 1, "threads must be at least 1, but was %d", threads);
        this.helpers = threads - 1;
        this.pool = Executors.newFixedThreadPool(Math.max(1, helpers), task -> {
            Thread thread = new Thread(task, "evaluator-worker");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Runs every block from 0 to {@code blocks − 1} once and returns when all are done. Which thread runs a block is left to
     * chance: a block must write to its own part of the result.
     */
    void forEach(int blocks, IntConsumer block) {
        AtomicInteger next = new AtomicInteger();
        Runnable share = () -> {
            for (int i = next.getAndIncrement(); i < blocks; i = next.getAndIncrement()) {
                block.accept(i);
            }
        };
        List<CompletableFuture<Void>> running = new ArrayList<>();
        for (int i = 0; i < Math.min(helpers, blocks - 1); i++) {
            running.add(CompletableFuture.runAsync(share, pool));
        }
        share.run();
        running.forEach(CompletableFuture::join);
    }

    @Override
    public void close() {
        pool.shutdown();
    }
}

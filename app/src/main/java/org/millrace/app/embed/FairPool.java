package org.millrace.app.embed;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A few threads that clients share: they take turns, and none holds more than three quarters of the threads, so that slow work of one
 * never holds up another. The order of one client's tasks is kept. Thread safe.
 */
final class FairPool implements AutoCloseable {
    private static final long STOP_SECONDS = 10;

    private final int threads;
    private final int share;
    private final ExecutorService pool;
    /** Those with tasks that wait or run; who comes first has its turn next. */
    private final Map<String, Client> clients = new LinkedHashMap<>();

    private int running;
    private boolean closed;

    private static final class Client {
        private final Deque<Runnable> waiting = new ArrayDeque<>();
        private int running;
    }

    FairPool(String name, int threads) {
        this.threads = threads;
        this.share = Math.max(1, threads * 3 / 4);
        this.pool = Executors.newFixedThreadPool(threads, work -> {
            Thread thread = new Thread(work, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Runs the task when it is the client's turn; it must not throw. */
    synchronized void run(String client, Runnable task) {
        clients.computeIfAbsent(client, name -> new Client()).waiting.add(task);
        next();
    }

    /** Interrupts what runs, then runs what waits on this thread: the owner has closed what tasks work on, so that each ends at once. */
    @Override
    public void close() {
        List<Runnable> left = new ArrayList<>();
        synchronized (this) {
            closed = true;
            clients.values().forEach(client -> left.addAll(client.waiting));
        }
        pool.shutdownNow();
        try {
            boolean unused = pool.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        left.forEach(Runnable::run);
    }

    private synchronized void next() {
        boolean found = true;
        while (found && running < threads && !closed) {
            found = false;
            for (Map.Entry<String, Client> each : clients.entrySet()) {
                Client client = each.getValue();
                if (!client.waiting.isEmpty() && client.running < share) {
                    clients.remove(each.getKey()); // to the end of the line
                    clients.put(each.getKey(), client);
                    start(each.getKey(), client);
                    found = true;
                    break;
                }
            }
        }
    }

    private void start(String name, Client client) {
        Runnable task = client.waiting.remove();
        client.running++;
        running++;
        pool.execute(() -> {
            try {
                task.run();
            } finally {
                ended(name, client);
            }
        });
    }

    private synchronized void ended(String name, Client client) {
        client.running--;
        running--;
        if (client.running == 0 && client.waiting.isEmpty()) {
            clients.remove(name);
        }
        next();
    }
}

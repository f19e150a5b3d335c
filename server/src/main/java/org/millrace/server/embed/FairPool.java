package org.millrace.server.embed;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A few threads that clients share in turns. No client holds more than three quarters of them, so that one client's slow work never delays
 * another. A client's long tasks hold at most half of them, and all long tasks together leave one thread of several free, so that they do
 * not delay short ones; where a client has both waiting, they alternate. A client's tasks of one length start in order. Thread safe.
 */
final class FairPool implements AutoCloseable {
    private static final long STOP_SECONDS = 10;

    private final int threads;
    private final int share;
    private final int longShare;
    private final int mostLong;
    private final ExecutorService pool;
    /** Clients with waiting or running tasks; the first one is next. */
    private final Map<String, Client> clients = new LinkedHashMap<>();

    private int running;
    private int longRunning;
    private boolean closed;

    /** How long a task takes. */
    enum Length {
        SHORT,
        LONG
    }

    private static final class Client {
        private final Map<Length, Deque<Runnable>> waiting =
                new EnumMap<>(Map.of(Length.SHORT, new ArrayDeque<>(), Length.LONG, new ArrayDeque<>()));
        private int running;
        private int longRunning;
        private Length last = Length.LONG;

        private Deque<Runnable> waiting(Length length) {
            return Objects.requireNonNull(waiting.get(length));
        }
    }

    FairPool(String name, int threads) {
        this.threads = threads;
        this.share = Math.max(1, threads * 3 / 4);
        this.longShare = Math.max(1, threads / 2);
        this.mostLong = Math.max(1, threads - 1);
        this.pool = Executors.newFixedThreadPool(threads, work -> {
            Thread thread = new Thread(work, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Runs the task when it is the client's turn; it must not throw. */
    synchronized void run(String client, Length length, Runnable task) {
        clients.computeIfAbsent(client, name -> new Client()).waiting(length).add(task);
        next();
    }

    /** Interrupts running tasks, then runs waiting ones on this thread: the owner has closed their resources, so that each ends at once. */
    @Override
    public void close() {
        List<Runnable> left = new ArrayList<>();
        synchronized (this) {
            closed = true;
            clients.values().forEach(client -> client.waiting.values().forEach(left::addAll));
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
                Optional<Length> length = next(client);
                if (length.isPresent()) {
                    clients.remove(each.getKey()); // to the end of the queue
                    clients.put(each.getKey(), client);
                    start(each.getKey(), client, length.get());
                    found = true;
                    break;
                }
            }
        }
    }

    /** The length of the client's next task that may start now. */
    private Optional<Length> next(Client client) {
        boolean mayShort =
                client.running < share && !client.waiting(Length.SHORT).isEmpty();
        boolean mayLong = client.running < share
                && client.longRunning < longShare
                && longRunning < mostLong
                && !client.waiting(Length.LONG).isEmpty();
        if (mayShort && mayLong) {
            return Optional.of(client.last == Length.LONG ? Length.SHORT : Length.LONG);
        }
        return mayShort ? Optional.of(Length.SHORT) : mayLong ? Optional.of(Length.LONG) : Optional.empty();
    }

    private void start(String name, Client client, Length length) {
        Runnable task = client.waiting(length).remove();
        int ofLong = length == Length.LONG ? 1 : 0;
        client.last = length;
        client.running++;
        client.longRunning += ofLong;
        running++;
        longRunning += ofLong;
        pool.execute(() -> {
            try {
                task.run();
            } finally {
                ended(name, client, ofLong);
            }
        });
    }

    private synchronized void ended(String name, Client client, int ofLong) {
        client.running--;
        client.longRunning -= ofLong;
        running--;
        longRunning -= ofLong;
        if (client.running == 0 && client.waiting.values().stream().allMatch(Deque::isEmpty)) {
            clients.remove(name);
        }
        next();
    }
}

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
 * A few threads that clients share: they take turns, and none holds more than three quarters of the threads, so that slow work of one
 * never holds up another. Long tasks have at most half of the threads for each client, and one thread of several is for short ones
 * alone, so that a client's long tasks do not hold up its short ones either; where both wait, they alternate. The order of a client's
 * tasks of one length is kept. Thread safe.
 */
final class FairPool implements AutoCloseable {
    private static final long STOP_SECONDS = 10;

    private final int threads;
    private final int share;
    private final int longShare;
    private final int mostLong;
    private final ExecutorService pool;
    /** Those with tasks that wait or run; who comes first has its turn next. */
    private final Map<String, Client> clients = new LinkedHashMap<>();

    private int running;
    private int longRunning;
    private boolean closed;

    /** How much there is to do. */
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

    /** Interrupts what runs, then runs what waits on this thread: the owner has closed what tasks work on, so that each ends at once. */
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
                    clients.remove(each.getKey()); // to the end of the line
                    clients.put(each.getKey(), client);
                    start(each.getKey(), client, length.get());
                    found = true;
                    break;
                }
            }
        }
    }

    /** Which of the client's tasks may begin now. */
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

package org.millrace.contract.service;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Parts of the process, each on a thread of its own. What the process is for is started or vital: the first of those that fails is
 * reported by {@link #check}. What only helps is supervised, and never ends the process.
 */
public final class Services implements AutoCloseable {
    private final Deque<Running> running = new ArrayDeque<>();
    private final List<Supervised> supervised = new CopyOnWriteArrayList<>();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final Consumer<String> words;
    private final Path crashes;
    private volatile boolean stopping;

    /** Work on one thread that ends by itself or soon after {@link #stop} is called on another. */
    public interface Service {
        void run();

        /** Also lets go of what a {@link #run} that failed still holds. */
        void stop();
    }

    private record Running(Service service, Thread thread) {}

    /** Failures of supervised roles go to the log. */
    public Services() {
        this(LoggerFactory.getLogger(Services.class)::warn, Path.of(System.getProperty("java.io.tmpdir", ".")));
    }

    /**
     * @param words receives a sentence for each failure of a supervised role, on that role's thread
     * @param crashes folder for the stack traces of failures that are not the user's
     */
    public Services(Consumer<String> words, Path crashes) {
        this.words = words;
        this.crashes = crashes;
    }

    public Thread start(String name, Service service) {
        return start(name, service, () -> runAndReport(service));
    }

    /** The same of a service that must not end before {@link #stop}: its end is a failure even where it throws nothing. */
    public Thread startVital(String name, Service service) {
        return start(name, service, () -> {
            runAndReport(service);
            if (!stopping) {
                failure.compareAndSet(
                        null,
                        new IllegalStateException(name + " ended without being stopped"
                                + (Thread.currentThread().isInterrupted() ? ": its thread was interrupted" : "")));
            }
        });
    }

    /**
     * Starts a role that is started again whenever it fails. It is made here for the first time, and what that throws is thrown here.
     *
     * @param role makes it, for each start
     */
    public void supervise(String name, Supplier<? extends Service> role) {
        supervise(new Supervised(name, role, new Supervised.Supervision(words, crashes, true, "")), name);
    }

    /**
     * Starts a role whose failure is reported, and which is not started again.
     *
     * @param otherwise a sentence on what the user can do then
     */
    public void superviseOnce(String name, Service role, String otherwise) {
        supervise(new Supervised(name, () -> role, new Supervised.Supervision(words, crashes, false, otherwise)), name);
    }

    private void supervise(Supervised role, String name) {
        supervised.add(role);
        start(name, role, role::run);
    }

    /** The supervised roles as they stand, in the order of their starts; for any thread. */
    public List<Role> roles() {
        return supervised.stream().map(Supervised::state).toList();
    }

    /** Throws what made a service fail that is not supervised. */
    public void check() {
        Throwable problem = failure.get();
        if (problem instanceof Error error) {
            throw error;
        } else if (problem != null) {
            throw (RuntimeException) problem;
        }
    }

    /** Stops the services, the last started first, waits for each, and throws what made one fail. */
    public void stop() {
        close();
        check();
    }

    /** Stops the services, the last started first, and waits for each. */
    @Override
    public void close() {
        stopping = true;
        boolean interrupted = false;
        while (!running.isEmpty()) {
            Running last = running.pop();
            last.service().stop();
            while (last.thread().isAlive()) {
                try {
                    last.thread().join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private Thread start(String name, Service service, Runnable work) {
        Thread thread = new Thread(work, "millrace-" + name);
        running.push(new Running(service, thread));
        thread.start();
        return thread;
    }

    private void runAndReport(Service service) {
        try {
            service.run();
        } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, e);
        }
    }
}

package org.millrace.app.run;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Parts of the process, each on a thread of its own. The first that fails is reported by {@link #check}. */
public final class Services implements AutoCloseable {
    private final Deque<Running> running = new ArrayDeque<>();
    private final AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();

    /** Work on one thread that ends by itself or soon after {@link #stop} is called on another. */
    public interface Service {
        void run();

        void stop();
    }

    private record Running(Service service, Thread thread) {}

    public Thread start(String name, Service service) {
        Thread thread = new Thread(() -> runAndReport(service), "millrace-" + name);
        running.push(new Running(service, thread));
        thread.start();
        return thread;
    }

    /** Throws what made a service fail. */
    public void check() {
        RuntimeException problem = failure.get();
        if (problem != null) {
            throw problem;
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

    private void runAndReport(Service service) {
        try {
            service.run();
        } catch (RuntimeException e) {
            failure.compareAndSet(null, e);
        } catch (Error e) {
            failure.compareAndSet(null, new IllegalStateException(e));
        }
    }
}

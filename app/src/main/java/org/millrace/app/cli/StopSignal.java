package org.millrace.app.cli;

import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.millrace.contract.service.Services;

/**
 * Ctrl-C and SIGTERM, deferred until the command has cleaned up: the process ends after {@link #close()}, or after a grace period of 60 s.
 * Open it before everything else in the command's try. Thread safe.
 *
 * <p>The signals are handled directly rather than by a shutdown hook: while a JVM shuts down, libraries that the command is just starting
 * cannot register their own hooks, and fail. A hook remains for every other end of the process.
 */
final class StopSignal implements AutoCloseable {
    private static final long GRACE_SECONDS = 60;
    private static final long POLL_MILLIS = 200;

    /** All open instances of this process; a signal goes to each. */
    private static final Set<StopSignal> OPEN = ConcurrentHashMap.newKeySet();

    private static volatile int exitCode; // 0 while no signal has come

    static {
        Signals.handle("INT", StopSignal::arrived);
        Signals.handle("TERM", StopSignal::arrived);
    }

    private final CountDownLatch requested = new CountDownLatch(1);
    private final CountDownLatch finished = new CountDownLatch(1);
    private final List<Runnable> actions = new CopyOnWriteArrayList<>();
    private final Thread hook = new Thread(this::stop, "stop-signal");

    private StopSignal() {}

    static StopSignal install() {
        StopSignal signal = new StopSignal();
        Runtime.getRuntime().addShutdownHook(signal.hook);
        OPEN.add(signal);
        return signal;
    }

    /** The exit code that a shell expects after a signal: 130 for Ctrl-C, 143 for SIGTERM; empty if there was none. */
    static OptionalInt exitCode() {
        return exitCode == 0 ? OptionalInt.empty() : OptionalInt.of(exitCode);
    }

    /** Runs the action when the user asks to stop, on the signal's thread, for example {@code thread::interrupt}; at once if the user has asked already. */
    void onStop(Runnable action) {
        actions.add(action);
        if (requested()) {
            action.run(); // at worst once more than needed
        }
    }

    boolean requested() {
        return requested.getCount() == 0;
    }

    /** Waits until the user asks to stop; throws what a service has failed with meanwhile. */
    void await(Services services) throws InterruptedException {
        while (!requested.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
            services.check();
        }
    }

    /** The same, but only as long as that service runs. */
    void await(Services services, Thread running) throws InterruptedException {
        while (running.isAlive() && !requested.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
            services.check();
        }
    }

    @Override
    public void close() {
        OPEN.remove(this);
        finished.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the process is ending already: the hook is running and has been released
        }
    }

    private static void arrived(int number) {
        int code = 128 + number;
        exitCode = code;
        if (OPEN.isEmpty()) {
            System.exit(code);
        }
        boolean inTime = true;
        for (StopSignal signal : List.copyOf(OPEN)) {
            inTime &= signal.stop();
        }
        if (!inTime) {
            Runtime.getRuntime().halt(code);
        }
    }

    /** Whether the command has cleaned up in time. */
    private boolean stop() {
        requested.countDown();
        actions.forEach(Runnable::run);
        try {
            boolean inTime = finished.await(GRACE_SECONDS, TimeUnit.SECONDS);
            if (!inTime) {
                System.err.println("millrace: could not stop within " + GRACE_SECONDS + " s; ending now");
            }
            return inTime;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}

package org.millrace.app.cli;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C and SIGTERM, held back until the command has put its things away: the process ends only after {@link #close()}, or after a grace
 * of 30 s. Open it before everything else in the command's try. Thread safe.
 */
final class StopSignal implements AutoCloseable {
    private static final long GRACE_SECONDS = 30;

    private final CountDownLatch requested = new CountDownLatch(1);
    private final CountDownLatch finished = new CountDownLatch(1);
    private final List<Runnable> actions = new CopyOnWriteArrayList<>();
    private final Thread hook = new Thread(this::stop, "stop-signal");

    private StopSignal() {}

    static StopSignal install() {
        StopSignal signal = new StopSignal();
        Runtime.getRuntime().addShutdownHook(signal.hook);
        return signal;
    }

    /** Runs the action when the user asks to stop, on the signal's thread, for example {@code thread::interrupt}; at once if the user has asked already. */
    void onStop(Runnable action) {
        actions.add(action);
        if (requested()) {
            action.run(); // once more than needed at worst
        }
    }

    boolean requested() {
        return requested.getCount() == 0;
    }

    /** Waits at most that long; whether the user has asked to stop. */
    boolean await(long millis) throws InterruptedException {
        return requested.await(millis, TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        finished.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the process is ending already: the hook is running and has been let go
        }
    }

    private void stop() {
        requested.countDown();
        actions.forEach(Runnable::run);
        try {
            boolean inTime = finished.await(GRACE_SECONDS, TimeUnit.SECONDS);
            if (!inTime) {
                System.err.println("millrace: could not stop within " + GRACE_SECONDS + " s; ending now");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

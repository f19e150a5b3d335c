package org.millrace.contract.service;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.UserException;

/**
 * A role that helps and is never worth ending the process for: whatever it throws is said once, with what happens next, and it is started
 * again after a second, then two, four and so on up to a minute; after it has run for a minute the next failure is the first again.
 */
final class Supervised implements Services.Service {
    static final long LEAST_MILLIS = 1_000;
    static final long MOST_MILLIS = 60_000;

    private final String name;
    private final Supplier<? extends Services.Service> role;
    private final Supervision supervision;
    private final Time time;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private Services.@Nullable Service first;
    private volatile Services.@Nullable Service current;
    private volatile Role state;

    /**
     * What becomes of a role that fails.
     *
     * @param words takes a sentence for people
     * @param crashes folder of the stack traces of failures that are ours
     * @param restarts whether the role is started again
     * @param otherwise what the user can do where it is not
     */
    record Supervision(Consumer<String> words, Path crashes, boolean restarts, String otherwise) {}

    /** The clock, and the pauses by it. */
    record Time(LongSupplier millis, Pause pause) {}

    /** Waits. */
    interface Pause {
        /** True where the latch was counted down before the time was over. */
        boolean await(CountDownLatch latch, long millis) throws InterruptedException;
    }

    private static final Time SYSTEM = new Time(
            () -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime()),
            (latch, millis) -> latch.await(millis, TimeUnit.MILLISECONDS));

    /**
     * Makes the role for the first time on the caller's thread: what that throws is the caller's, since nothing has begun.
     *
     * @param role makes it; called again for each start
     */
    Supervised(String name, Supplier<? extends Services.Service> role, Supervision supervision) {
        this(name, role, supervision, SYSTEM);
    }

    Supervised(String name, Supplier<? extends Services.Service> role, Supervision supervision, Time time) {
        this.name = name;
        this.role = role;
        this.supervision = supervision;
        this.time = time;
        this.first = role.get();
        this.state = new Role(name, Role.State.RUNNING, 0);
    }

    /** Where the role stands; for any thread. */
    Role state() {
        return state;
    }

    @Override
    public void run() {
        long pause = LEAST_MILLIS;
        String said = "";
        while (true) {
            long began = time.millis().getAsLong();
            Optional<Throwable> failure = runOnce();
            if (failure.isEmpty() || stopping.getCount() == 0) {
                enter(Role.State.ENDED, 0);
                return;
            }
            if (time.millis().getAsLong() - began >= MOST_MILLIS) {
                pause = LEAST_MILLIS;
                said = "";
            }
            String what = failure.get().toString();
            enter(supervision.restarts() ? Role.State.WAITING : Role.State.FAILED, 1);
            if (!what.equals(said)) {
                said = what;
                say(failure.get(), pause);
            }
            if (!supervision.restarts() || isStoppedWithin(pause)) {
                return;
            }
            pause = Math.min(2 * pause, MOST_MILLIS);
            enter(Role.State.RUNNING, 0);
        }
    }

    @Override
    public void stop() {
        stopping.countDown();
        Services.Service running = current;
        if (running != null) {
            running.stop();
        }
    }

    /** What the role threw; empty where it ended by itself. */
    @SuppressWarnings("Interruption") // an interrupt that nobody's stop has sent ends a role as an exception does
    private Optional<Throwable> runOnce() {
        Services.@Nullable Service opened = first;
        first = null;
        try {
            if (opened == null) {
                opened = role.get();
            }
            current = opened;
            if (stopping.getCount() == 0) {
                opened.stop();
            }
            opened.run();
            return Thread.interrupted()
                    ? Optional.of(new IllegalStateException("its thread was interrupted"))
                    : Optional.empty();
        } catch (Throwable e) {
            boolean ignored = Thread.interrupted(); // or the pause would be none
            release(opened);
            return Optional.of(e);
        } finally {
            current = null;
        }
    }

    // what a role that failed may still hold, its stop lets go
    private static void release(Services.@Nullable Service failed) {
        try {
            if (failed != null) {
                failed.stop();
            }
        } catch (RuntimeException e) {
            // the failure itself is what is reported
        }
    }

    private boolean isStoppedWithin(long millis) {
        try {
            return time.pause().await(stopping, millis);
        } catch (InterruptedException e) {
            return false; // not by stop: the role is tried again, only sooner
        }
    }

    private void enter(Role.State next, int failures) {
        state = new Role(name, next, state.failures() + failures);
    }

    private void say(Throwable failure, long pauseMillis) {
        String next = supervision.restarts()
                ? "It starts again in " + pauseMillis / 1_000 + " s, and after longer pauses up to "
                        + MOST_MILLIS / 1_000 + " s while it fails; the rest goes on."
                : supervision.otherwise();
        supervision.words().accept(name + " has failed: " + why(failure) + "\n" + next);
    }

    private String why(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UserException mistake) {
                return String.valueOf(mistake.getMessage());
            }
        }
        return "unexpected failure: " + failure.toString().replaceAll("\\s*\\R\\s*", " ")
                + CrashFile.write(failure, supervision.crashes())
                        .map(file -> " (stack trace in " + file + "; please report it)")
                        .orElse("");
    }
}

package org.millrace.trainer.rounds;

import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.UserException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread that leads the run while the group of conductors has chosen this process. {@link #close} waits for its end. */
final class Leading implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Leading.class);
    private static final long LOOK_MILLIS = 100;
    private static final long SECOND = 1_000;

    private final Membership leaders;
    private final Supplier<Conductor> conductors;
    private final Optional<Map<Integer, Long>> untilEnd;
    private final BooleanSupplier stopped;
    private final BooleanSupplier overdue;
    private final Thread thread = new Thread(this::run, "millrace-conductor");
    private volatile boolean closing;
    private volatile @Nullable UserException failure;

    /**
     * Begins at once.
     *
     * @param leaders the group
     * @param conductors takes the run over
     * @param untilEnd as {@link Conductor#lead} has it
     * @param stopped whether the process is to end, with its newest state durable
     * @param overdue whether a broker that does not answer has been waited for long enough
     */
    Leading(
            Membership leaders,
            Supplier<Conductor> conductors,
            Optional<Map<Integer, Long>> untilEnd,
            BooleanSupplier stopped,
            BooleanSupplier overdue) {
        this.leaders = leaders;
        this.conductors = conductors;
        this.untilEnd = untilEnd;
        this.stopped = stopped;
        this.overdue = overdue;
        thread.start();
    }

    /** Throws what has ended the thread, if something has. */
    void check() {
        UserException problem = failure;
        if (problem != null) {
            throw problem;
        }
    }

    private boolean isEnding() {
        return closing || stopped.getAsBoolean();
    }

    private boolean isChosen() {
        return leaders.mine().contains(0);
    }

    private void run() {
        try {
            while (!isEnding()) {
                if (isChosen()) {
                    lead();
                } else {
                    Thread.sleep(LOOK_MILLIS);
                }
            }
        } catch (InterruptedException | InterruptException e) {
            Thread.currentThread().interrupt();
        } catch (UserException e) {
            failure = e;
        } catch (RuntimeException | Error e) {
            failure = new UserException("this process cannot lead the run any more: " + e, e);
        }
    }

    // a process that is no longer chosen has been shut out by its successor, which is as it should be
    private void lead() throws InterruptedException {
        try (Conductor conductor = conductors.get()) {
            conductor.lead(untilEnd, () -> isEnding() || !isChosen());
            if (isEnding() && isChosen()) {
                conductor.finish();
            }
        } catch (UserException e) {
            Thread.sleep(SECOND);
            if (isChosen() && !isEnding()) {
                throw e;
            }
            log.debug("another process leads now", e);
        }
    }

    /** Ends the thread, and throws what it failed at, if it did. */
    void end() {
        close();
        check();
    }

    // what waits for a broker that does not answer is interrupted in the end
    @Override
    public void close() {
        closing = true;
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join(LOOK_MILLIS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
            if (overdue.getAsBoolean()) {
                thread.interrupt();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

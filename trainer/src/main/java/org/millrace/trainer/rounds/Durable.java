package org.millrace.trainer.rounds;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.millrace.contract.UserException;

/** Waits for what the broker acknowledges, however long it is away, unless the process is to end. */
final class Durable {
    private static final long LOOK_MILLIS = 100;

    private Durable() {}

    /**
     * What a future comes to.
     *
     * @param enough whether to give up
     * @param what is waited for, for the message
     * @throws UserException where the broker refuses it, or {@code enough}
     */
    static <T> T await(Future<T> future, BooleanSupplier enough, String what) throws InterruptedException {
        while (true) {
            try {
                return future.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                if (enough.getAsBoolean()) {
                    throw new UserException("the broker does not answer: " + what
                            + " was not written. Other processes of the run, or the next start, go on without it.");
                }
            } catch (ExecutionException e) {
                if (e.getCause() instanceof UserException known) {
                    throw known;
                }
                throw new UserException("the broker refuses " + what + ": " + e.getMessage(), e);
            }
        }
    }
}

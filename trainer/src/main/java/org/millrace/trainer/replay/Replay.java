package org.millrace.trainer.replay;

import java.util.Optional;

/** A run computed again from its topics and compared with its journal. {@link #run} is called once, on one thread; the owner closes it. */
public interface Replay extends AutoCloseable {
    /** Called after each step, on the thread that replays. */
    @FunctionalInterface
    interface Listener {
        void replayed(long step);
    }

    /**
     * What a replay found.
     *
     * @param steps computed again
     * @param losses compared with the journal's, to the bit
     * @param digests compared with the journal's
     * @param difference the first one, in words; the replay ends with that step
     */
    record Result(long steps, long losses, long digests, Optional<String> difference) {}

    /** The step behind which it begins; 0 for the run's beginning. */
    long startsAfter();

    /** The last step that can be computed again. */
    long lastPlanned();

    /**
     * Computes the steps up to {@code lastStep}.
     *
     * @throws org.millrace.contract.UserException where that step is not planned, or lies before the start
     */
    Result run(long lastStep, Listener listener);

    /** Makes {@link #run} return after the step that it computes now. */
    void stop();

    @Override
    void close();
}

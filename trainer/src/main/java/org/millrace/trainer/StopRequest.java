package org.millrace.trainer;

import java.time.Duration;

/** A request to stop, and how long the end may then wait for a broker that may be gone. Thread safe. */
final class StopRequest {
    private volatile boolean made;
    private volatile long deadlineNanos; // of System.nanoTime(), set before made

    /** Asks to stop; the first request's patience counts. */
    void make(Duration patience) {
        if (!made) {
            deadlineNanos = System.nanoTime() + patience.toNanos();
            made = true;
        }
    }

    boolean isMade() {
        return made;
    }

    /** Whether a stop was requested and its patience is over. */
    boolean isOverdue() {
        return made && System.nanoTime() - deadlineNanos > 0;
    }
}

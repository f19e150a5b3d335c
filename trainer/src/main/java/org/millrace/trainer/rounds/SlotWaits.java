package org.millrace.trainer.rounds;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** How long slots take from the deal to their contribution, and which wait is unusual. Not thread safe. */
final class SlotWaits {
    private static final int KEPT = 64;
    private static final double LATE = 1.5; // times the median
    private static final long LEAST_MILLIS = 5_000; // processes come and go in less

    private final Deque<Long> newest = new ArrayDeque<>();

    /** Takes the wait for a contribution. */
    void add(long millis) {
        newest.add(millis);
        if (newest.size() > KEPT) {
            newest.remove();
        }
    }

    /** Whether a slot that has been waited for so long is late; none is before the first contribution. */
    boolean isLate(long millis) {
        List<Long> sorted = newest.stream().sorted().toList();
        return !sorted.isEmpty() && millis > Math.max(LEAST_MILLIS, LATE * sorted.get(sorted.size() / 2));
    }
}

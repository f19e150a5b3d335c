package org.millrace.contract;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.OptionalDouble;

/**
 * How long slots take from the deal to their contribution, and when one is late: another process then computes it too. Knows the newest
 * waits. Not thread safe.
 */
public final class SlotWaits {
    private static final int KEPT = 64;
    private static final double LATE = 1.5; // times the median
    private static final long LEAST_MILLIS = 5_000; // processes come and go in less

    private final Deque<Long> newest = new ArrayDeque<>();

    /** Takes the wait for a contribution. */
    public void add(long millis) {
        newest.add(millis);
        if (newest.size() > KEPT) {
            newest.remove();
        }
    }

    /** The wait after which a slot is late, by the lower median, as half of the processes may be slow; empty before the first contribution. */
    public OptionalDouble lateAfterMillis() {
        List<Long> sorted = newest.stream().sorted().toList();
        return sorted.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(Math.max(LEAST_MILLIS, LATE * sorted.get((sorted.size() - 1) / 2)));
    }

    /** Whether a slot that has been waited for so long is late. */
    public boolean isLate(long millis) {
        OptionalDouble late = lateAfterMillis();
        return late.isPresent() && millis > late.getAsDouble();
    }
}

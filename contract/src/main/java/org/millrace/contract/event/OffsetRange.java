package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

/** Records {@code from} (inclusive) to {@code to} (exclusive) of one partition of the topic images. */
public record OffsetRange(int partition, long from, long to) {
    public OffsetRange {
        check(partition >= 0, "partition must not be negative, but was %d", partition);
        check(from >= 0 && from <= to, "range must have 0 <= from <= to, but was [%d, %d)", from, to);
    }

    /** Offsets covered, rejected images and gaps of the log included. */
    public long length() {
        return to - from;
    }
}

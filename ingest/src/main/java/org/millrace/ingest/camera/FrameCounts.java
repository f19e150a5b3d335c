package org.millrace.ingest.camera;

import java.util.concurrent.atomic.AtomicLong;

/** Counts what does not reach the log. Thread safe. */
public final class FrameCounts {
    private final AtomicLong thinned = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final AtomicLong skippedBytes = new AtomicLong();

    /** Frames that came sooner after another than wanted. */
    public long thinned() {
        return thinned.get();
    }

    /** Frames of a live camera that came faster than the broker accepted them. */
    public long dropped() {
        return dropped.get();
    }

    /** Bytes that belong to no frame. */
    public long skippedBytes() {
        return skippedBytes.get();
    }

    void thin() {
        thinned.incrementAndGet();
    }

    void drop(long frames) {
        dropped.addAndGet(frames);
    }

    void skip(long bytes) {
        skippedBytes.addAndGet(bytes);
    }
}

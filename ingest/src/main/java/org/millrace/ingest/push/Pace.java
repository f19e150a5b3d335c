package org.millrace.ingest.push;

/**
 * Keeps images to a rate: the n-th is due n/rate after the first. Waits only when the next is due a millisecond or more ahead, so
 * that high rates come in small bursts; time lost beyond a second is not made up for. Not thread safe.
 */
final class Pace {
    private static final long LEAST_SLEEP_NANOS = 1_000_000;
    private static final long MOST_CATCH_UP_NANOS = 1_000_000_000;

    private final double nanosPerImage;
    private final PushTime time;
    private long dueAt;
    /** The part of a nanosecond that {@code dueAt} leaves out. */
    private double fraction;

    private boolean started;

    /** @param imagesPerSecond infinite for no bound */
    Pace(double imagesPerSecond, PushTime time) {
        this.nanosPerImage = 1e9 / imagesPerSecond;
        this.time = time;
    }

    /** Returns when the next image may go. */
    void await() throws InterruptedException {
        if (nanosPerImage == 0) {
            return;
        }
        long now = time.nanoTime();
        if (!started || now - dueAt > MOST_CATCH_UP_NANOS) {
            dueAt = now;
            started = true;
        }
        if (dueAt - now >= LEAST_SLEEP_NANOS) {
            time.sleepNanos(dueAt - now);
        }
        double step = nanosPerImage + fraction;
        dueAt += (long) step;
        fraction = step - (long) step;
    }
}

package org.millrace.server.http;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The minimum pace of a request body: 1 KiB/s in every 10 s, and complete within 5 minutes. A fast start earns no credit, or a client could
 * hold memory for hours. Not thread safe.
 */
final class Pace {
    private static final double STRETCH_SECONDS = 10;
    private static final double LEAST_BYTES_PER_SECOND = 1024;
    private static final double MOST_SECONDS = TimeUnit.MINUTES.toSeconds(5);

    private final LongSupplier nanoTime;
    private final long begin;
    private long stretch;
    private long bytes;

    Pace(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.begin = nanoTime.getAsLong();
        this.stretch = begin;
    }

    /** Counts received bytes; throws {@link HttpProblem} 408 where the body is too slow. */
    void count(int more) {
        long now = nanoTime.getAsLong();
        bytes += more;
        double seconds = (now - stretch) / 1e9;
        if ((now - begin) / 1e9 > MOST_SECONDS) {
            throw tooSlow("not complete after %.0f s".formatted(MOST_SECONDS));
        }
        if (seconds > STRETCH_SECONDS) {
            if (bytes < seconds * LEAST_BYTES_PER_SECOND) {
                throw tooSlow("%d bytes in the last %.0f s, wanted 1024 a second".formatted(bytes, seconds));
            }
            stretch = now;
            bytes = 0;
        }
    }

    private static HttpProblem tooSlow(String how) {
        return new HttpProblem(408, "the body arrives too slowly: " + how);
    }
}

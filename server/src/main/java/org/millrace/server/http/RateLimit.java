package org.millrace.server.http;

import static org.millrace.contract.Check.check;

import java.util.OptionalInt;
import java.util.function.LongSupplier;

/**
 * A limit on requests: so many a second on average, and at most {@link #BURST_SECONDS} seconds' worth, or one, at once. The generic cell
 * rate algorithm (ITU-T I.371): one time, at which everything taken so far is paid for. Thread safe.
 */
final class RateLimit {
    static final long BURST_SECONDS = 10;
    private static final double NANOS = 1e9;

    private final double perSecond;
    private final LongSupplier nanoTime;
    private final long gapNanos;
    private final long burstNanos;
    private long paidAt; // by nanoTime

    /** @param perSecond in [0.001, 100,000] */
    RateLimit(double perSecond, LongSupplier nanoTime) {
        check(
                perSecond >= 0.001 && perSecond <= 100_000,
                "a rate must be in [0.001, 100000] a second, but was %s",
                perSecond);
        this.perSecond = perSecond;
        this.nanoTime = nanoTime;
        this.gapNanos = (long) (NANOS / perSecond);
        this.burstNanos = Math.max(0, BURST_SECONDS * (long) NANOS - gapNanos);
        this.paidAt = nanoTime.getAsLong();
    }

    double perSecond() {
        return perSecond;
    }

    /** Takes one request and returns empty, or takes nothing and returns after how many seconds, at least 1, there is room for one. */
    synchronized OptionalInt take() {
        long now = nanoTime.getAsLong();
        long due = now - paidAt > 0 ? now : paidAt; // differences only: nanoTime may be negative
        long waitNanos = due - now - burstNanos;
        if (waitNanos > 0) {
            return OptionalInt.of((int) Math.ceil(waitNanos / NANOS));
        }
        paidAt = due + gapNanos;
        return OptionalInt.empty();
    }
}

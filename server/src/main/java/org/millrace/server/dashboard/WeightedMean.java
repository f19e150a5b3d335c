package org.millrace.server.dashboard;

import java.util.OptionalDouble;

/** The mean of two adjacent points of a curve, each the mean of some entries. */
final class WeightedMean {
    private final long entries;
    private final long next;

    /** @param next the entries of the second point */
    WeightedMean(long entries, long next) {
        this.entries = entries;
        this.next = next;
    }

    double of(double mine, double other) {
        return (mine * entries + other * next) / (entries + next);
    }

    /** Where only one of them is known, that one. */
    OptionalDouble of(OptionalDouble mine, OptionalDouble other) {
        if (mine.isEmpty() || other.isEmpty()) {
            return mine.isEmpty() ? other : mine;
        }
        return OptionalDouble.of(of(mine.getAsDouble(), other.getAsDouble()));
    }
}

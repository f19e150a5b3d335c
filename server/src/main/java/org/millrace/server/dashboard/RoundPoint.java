package org.millrace.server.dashboard;

import java.util.OptionalDouble;
import org.millrace.server.dashboard.SlotNotices.Notice;

/**
 * Consecutive rounds as one point of a curve: means of measures, the last value of counters.
 *
 * @param rounds how many
 * @param round the last of them
 * @param images trained up to and including it
 * @param timeMillis Unix time of its merge
 * @param seconds from the deal to the merge
 * @param medianSeconds that the steps of the median slot took; absent, as the next two, where the slots' notices are not known
 * @param slowestSeconds likewise of the slowest
 * @param waiting share of the processes' time, {@link MergedRound#waiting}
 * @param change norm of the slots' mean change of the weights
 * @param moved norm of what the outer step did to them
 */
record RoundPoint(
        long rounds,
        long round,
        long images,
        long timeMillis,
        double seconds,
        OptionalDouble medianSeconds,
        OptionalDouble slowestSeconds,
        OptionalDouble waiting,
        OptionalDouble change,
        OptionalDouble moved) {
    static RoundPoint of(MergedRound merged) {
        return new RoundPoint(
                1,
                merged.round(),
                merged.imagesSoFar(),
                merged.mergedAtMillis(),
                merged.seconds(),
                merged.medianSeconds(),
                merged.notices().stream().mapToDouble(Notice::seconds).max(),
                merged.waiting(),
                merged.change(),
                merged.moved());
    }

    /** This point merged with the next one. */
    RoundPoint with(RoundPoint next) {
        WeightedMean mean = new WeightedMean(rounds, next.rounds);
        return new RoundPoint(
                rounds + next.rounds,
                next.round,
                next.images,
                next.timeMillis,
                mean.of(seconds, next.seconds),
                mean.of(medianSeconds, next.medianSeconds),
                mean.of(slowestSeconds, next.slowestSeconds),
                mean.of(waiting, next.waiting),
                mean.of(change, next.change),
                mean.of(moved, next.moved));
    }
}

package org.millrace.evaluator.learning;

import static org.millrace.contract.Check.check;

import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * Accuracies a_ij at the end of bucket i of the stream on the images of bucket j, both from 1, and the figures of continual learning made
 * of them (Lopez-Paz and Ranzato 2017; Chaudhry et al. 2018). A figure that needs a cell that was not measured is absent.
 *
 * @param rows one for each bucket of the stream that has ended, the first first; each as long as there are buckets
 */
public record AccuracyMatrix(List<List<OptionalDouble>> rows) {
    public AccuracyMatrix {
        rows = rows.stream().map(List::copyOf).toList();
        int columns = rows.isEmpty() ? 0 : rows.get(0).size();
        for (List<OptionalDouble> row : rows) {
            check(row.size() == columns, "rows must be of one length, but were of %d and %d", columns, row.size());
        }
        check(
                rows.size() <= columns,
                "there must not be more rows than buckets (%d), but were %d",
                columns,
                rows.size());
    }

    /** T, the buckets of the stream that have ended. */
    public int ended() {
        return rows.size();
    }

    /** a_ij, both from 1. */
    public OptionalDouble at(int i, int j) {
        return rows.get(i - 1).get(j - 1);
    }

    /** A_i, mean of a_ij over the buckets j up to i, which have been learnt by then. */
    public OptionalDouble average(int i) {
        return mean(IntStream.rangeClosed(1, i).mapToObj(j -> at(i, j)).toList());
    }

    /** Mean of A_i over the buckets of the stream so far. */
    public OptionalDouble averageOverTime() {
        return mean(IntStream.rangeClosed(1, ended()).mapToObj(this::average).toList());
    }

    /** A_T. */
    public OptionalDouble finalAverage() {
        return ended() == 0 ? OptionalDouble.empty() : average(ended());
    }

    /** 1/(T−1) Σ_{j<T} (a_jj − a_Tj): how much worse the past buckets are known than when they were learnt; negative is better. */
    public OptionalDouble forgetting() {
        return mean(IntStream.range(1, ended())
                .mapToObj(j -> minus(at(j, j), at(ended(), j)))
                .toList());
    }

    /** Mean of a_{i,i+1}: how well the next bucket is known before it is trained on. */
    public OptionalDouble nextBucket() {
        int last = rows.isEmpty() ? 0 : Math.min(ended(), rows.get(0).size() - 1);
        return mean(IntStream.rangeClosed(1, last).mapToObj(i -> at(i, i + 1)).toList());
    }

    private static OptionalDouble minus(OptionalDouble left, OptionalDouble right) {
        return left.isPresent() && right.isPresent()
                ? OptionalDouble.of(left.getAsDouble() - right.getAsDouble())
                : OptionalDouble.empty();
    }

    private static OptionalDouble mean(List<OptionalDouble> values) {
        return values.isEmpty() || values.stream().anyMatch(OptionalDouble::isEmpty)
                ? OptionalDouble.empty()
                : values.stream().mapToDouble(OptionalDouble::getAsDouble).average();
    }
}

package org.millrace.evaluator.drift.detector;

import static org.millrace.contract.Check.check;

import java.util.Arrays;

/** What statistics of one number require of their samples. */
final class OneNumber {
    private OneNumber() {}

    static void require(double[] values, int least, String statistic) {
        check(
                values.length >= least,
                "not enough values for %s: it needs at least %d, but got %d",
                statistic,
                least,
                values.length);
        for (double value : values) {
            check(Double.isFinite(value), "%s: values must be finite, but one was %s", statistic, value);
        }
    }

    static double[] sorted(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted;
    }
}

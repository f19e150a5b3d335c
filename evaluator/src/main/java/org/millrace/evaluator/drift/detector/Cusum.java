package org.millrace.evaluator.drift.detector;

import static org.millrace.contract.Check.check;

/**
 * A cumulative sum of scores, for a slow rise that no single window shows (Page 1954): S ← max(0, S + z − k), alarm above h. z is
 * a score in standard deviations of the reference, whose mean is 0.
 *
 * @param allowance k, half of the rise to be detected soonest
 * @param threshold h
 * @param sum S, 0 at first
 */
record Cusum(double allowance, double threshold, double sum) {
    /** Siegmund's correction for the overshoot of discrete steps, 2·ρ. */
    private static final double OVERSHOOT = 1.166;

    Cusum {
        check(allowance > 0, "the allowance must be positive, but was %s", allowance);
        check(threshold > 0, "the threshold must be positive, but was %s", threshold);
    }

    /**
     * One that alarms once in {@code expectedRun} windows without a rise, by Siegmund's approximation (1985) of the expected run
     * of independent normal scores, (e^{2kb} − 2kb − 1) / 2k² with b = h + 1.166.
     */
    static Cusum ofExpectedRun(double allowance, double expectedRun) {
        check(
                expectedRun > expectedRun(allowance, 0),
                "the expected run must be above %.1f windows with an allowance of %s, but was %s",
                expectedRun(allowance, 0),
                allowance,
                expectedRun);
        double low = 0;
        double high = 1;
        while (expectedRun(allowance, high) < expectedRun) {
            high *= 2;
        }
        for (int i = 0; i < 100; i++) {
            double middle = (low + high) / 2;
            if (expectedRun(allowance, middle) < expectedRun) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return new Cusum(allowance, high, 0);
    }

    private static double expectedRun(double allowance, double threshold) {
        double exponent = 2 * allowance * (threshold + OVERSHOOT);
        return (Math.expm1(exponent) - exponent) / (2 * allowance * allowance);
    }

    /** After the next window's score; after an alarm it begins again. */
    Cusum after(double z) {
        check(Double.isFinite(z), "a score must be finite, but was %s", z);
        double before = alarms() ? 0 : sum;
        return new Cusum(allowance, threshold, Math.max(0, before + z - allowance));
    }

    boolean alarms() {
        return sum > threshold;
    }
}

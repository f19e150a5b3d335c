package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

/**
 * Where the share lies that a sample's share is an estimate of, with a confidence of 95 %: Wilson's score interval (1927), which also
 * holds for few images and for shares near 0 and 1.
 *
 * @param low at least 0
 * @param high at most 1
 */
public record Interval(double low, double high) {
    private static final double Z = 1.959963984540054; // the normal distribution's 97.5 %

    public Interval {
        check(
                0 <= low && low <= high && high <= 1,
                "an interval of shares must lie in [0, 1], but was [%s, %s]",
                low,
                high);
    }

    /** Of {@code hits} among so many images. */
    public static Interval wilson(int hits, int images) {
        check(
                hits >= 0 && hits <= images && images >= 1,
                "hits must be in [0, images], but were %d of %d",
                hits,
                images);
        double share = (double) hits / images;
        double square = Z * Z / images;
        double middle = (share + square / 2) / (1 + square);
        double half = Z * Math.sqrt(share * (1 - share) / images + square / (4 * images)) / (1 + square);
        return new Interval(
                hits == 0 ? 0 : Math.max(0, middle - half), hits == images ? 1 : Math.min(1, middle + half));
    }
}

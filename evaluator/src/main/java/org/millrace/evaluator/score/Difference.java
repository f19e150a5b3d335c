package org.millrace.evaluator.score;

import static org.millrace.contract.Check.check;

import java.util.BitSet;
import org.millrace.contract.event.Interval;

/**
 * How much larger the share of hits of one encoder is than another's on the same images, with a confidence of 95 %: Newcombe's hybrid score
 * interval for paired data (1998, Statistics in Medicine 17:2635, method 10). It is made of Wilson's interval of each share and the
 * correlation φ of the hits, so it is narrower the more the two agree.
 *
 * @param images that both were scored on
 * @param onlyFirst images that only the first is right about
 * @param onlySecond images that only the second is right about
 * @param difference share of the first minus share of the second
 */
public record Difference(int images, int onlyFirst, int onlySecond, double difference, double low, double high) {
    static Difference of(BitSet first, BitSet second, int images) {
        check(
                images >= 1 && first.length() <= images && second.length() <= images,
                "hits must be of images 0 to %d",
                images - 1);
        BitSet both = (BitSet) first.clone();
        both.and(second);
        return of(
                both.cardinality(),
                first.cardinality() - both.cardinality(),
                second.cardinality() - both.cardinality(),
                images);
    }

    /** Of so many images that both are right about, only the first, only the second, among so many in all. */
    static Difference of(int both, int onlyFirst, int onlySecond, int images) {
        int neither = images - both - onlyFirst - onlySecond;
        double first = (double) (both + onlyFirst) / images;
        double second = (double) (both + onlySecond) / images;
        Interval one = Interval.wilson(both + onlyFirst, images);
        Interval other = Interval.wilson(both + onlySecond, images);
        double phi = phi(both, onlyFirst, onlySecond, neither);
        double difference = first - second;
        return new Difference(
                images,
                onlyFirst,
                onlySecond,
                difference,
                difference - distance(first - one.low(), other.high() - second, phi),
                difference + distance(one.high() - first, second - other.low(), phi));
    }

    /** Whether the interval leaves out 0. */
    public boolean isClear() {
        return low > 0 || high < 0;
    }

    private static double distance(double one, double other, double phi) {
        return Math.sqrt(Math.max(0, one * one - 2 * phi * one * other + other * other));
    }

    // the correlation of the hits; a positive one is corrected for continuity
    private static double phi(double both, double onlyFirst, double onlySecond, double neither) {
        double n = both + onlyFirst + onlySecond + neither;
        double squared = (both + onlyFirst) * (onlySecond + neither) * (both + onlySecond) * (onlyFirst + neither);
        if (squared == 0) {
            return 0;
        }
        double covariance = both * neither - onlyFirst * onlySecond;
        return (covariance > 0 ? Math.max(0, covariance - n / 2) : covariance) / Math.sqrt(squared);
    }
}

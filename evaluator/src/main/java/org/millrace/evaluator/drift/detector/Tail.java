package org.millrace.evaluator.drift.detector;

import static org.millrace.contract.Check.check;

import java.util.Arrays;
import org.apache.commons.statistics.distribution.GammaDistribution;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * How high a score is without drift, from scores that were drawn without drift. Where a twentieth of them lie above, the chance falls
 * exponentially with the score, as that of sums of squares does, at the rate of those draws' mean excess; below, it is a Pearson curve of
 * type III (a shifted gamma distribution) with their three moments.
 *
 * @param high score that a twentieth of the draws exceeds
 * @param excess by how much on average, 0 where none does
 */
record Tail(double mean, double deviation, double skewness, double high, double excess) {
    private static final double ABOVE = 0.05;
    private static final double STRAIGHT = 1e-3;
    /** Scores that differ by less than so much of their mean are the same. */
    private static final double ROUNDING = 1e-13;

    private static final NormalDistribution NORMAL = NormalDistribution.of(0, 1);

    static Tail of(double[] scores) {
        check(scores.length >= 20, "a tail needs at least 20 scores, but got %d", scores.length);
        double mean = Arrays.stream(scores).average().orElseThrow();
        double second = Arrays.stream(scores).map(s -> Math.pow(s - mean, 2)).sum() / (scores.length - 1);
        double third = Arrays.stream(scores).map(s -> Math.pow(s - mean, 3)).sum() / scores.length;
        double root = Math.sqrt(second);
        double deviation = root > ROUNDING * Math.abs(mean) && Math.pow(root, 3) > 0 ? root : 0;
        double[] sorted = scores.clone();
        Arrays.sort(sorted);
        int above = (int) (ABOVE * sorted.length);
        double high = sorted[sorted.length - 1 - above];
        double excess = Arrays.stream(sorted, sorted.length - above, sorted.length)
                .map(score -> score - high)
                .average()
                .orElseThrow();
        return new Tail(mean, deviation, deviation > 0 ? third / Math.pow(deviation, 3) : 0, high, excess);
    }

    /** Chance of at least that score, in [0, 1]; where drawn scores did not vary, 1 up to theirs and 0 above. */
    double pValue(double score) {
        if (deviation == 0) {
            return score > mean ? 0 : 1;
        }
        return score > high && excess > 0
                ? ABOVE * Math.exp(-(score - high) / excess)
                : Math.max(pearson((score - mean) / deviation), score > high ? 0 : ABOVE);
    }

    double pearson(double z) {
        if (Math.abs(skewness) < STRAIGHT) {
            return NORMAL.survivalProbability(z);
        }
        double shape = 4 / (skewness * skewness);
        GammaDistribution gamma = GammaDistribution.of(shape, 1);
        double x = shape + Math.sqrt(shape) * (skewness > 0 ? z : -z);
        if (x <= 0) {
            return skewness > 0 ? 1 : 0;
        }
        return skewness > 0 ? gamma.survivalProbability(x) : gamma.cumulativeProbability(x);
    }

    /** The standard normal score with the same chance, at most 8 either way. */
    double normalScore(double score) {
        double p = Math.min(Math.max(pValue(score), 1e-15), 1 - 1e-15);
        return NORMAL.inverseSurvivalProbability(p);
    }
}

package org.millrace.evaluator.drift;

import static org.millrace.contract.Check.check;

import java.util.BitSet;
import java.util.random.RandomGenerator;
import org.millrace.contract.CounterRandom;
import org.millrace.encoder.matrix.FeatureMatrix;
import org.millrace.encoder.matrix.Rows;
import org.millrace.encoder.matrix.Samples;

/**
 * The squared maximum mean discrepancy of two samples under a kernel (Gretton et al. 2012, eqs. 3 and 5), and how often samples cut
 * at random from both together are as far apart. Holds 4(n + m)² bytes of kernel values.
 */
final class MeanDiscrepancy {
    /** Of the same pairs, summed in another order, two discrepancies differ by rounding: such a cut is as far apart, not nearer. */
    private static final double ROUNDING = 1e-12;

    private final int n;
    private final int m;
    private final double[][] kernel; // row i: k(i, j) for j < i; the first sample's rows, then the second's
    private final double[] rowSums; // without the diagonal
    private final double total; // of pairs i < j
    private final Sums observed;

    private MeanDiscrepancy(FeatureMatrix x, FeatureMatrix y, RbfKernel rbf) {
        n = x.rows();
        m = y.rows();
        kernel = new double[n + m][];
        rowSums = new double[n + m];
        double sum = 0;
        for (int i = 0; i < n + m; i++) {
            kernel[i] = new double[i];
            for (int j = 0; j < i; j++) {
                double value = rbf.of(
                        Rows.squaredDistance(i < n ? x : y, i < n ? i : i - n, j < n ? x : y, j < n ? j : j - n));
                kernel[i][j] = value;
                rowSums[i] += value;
                rowSums[j] += value;
                sum += value;
            }
        }
        total = sum;
        BitSet first = new BitSet(n + m);
        first.set(0, n);
        observed = sums(first);
    }

    static MeanDiscrepancy of(FeatureMatrix x, FeatureMatrix y, RbfKernel kernel) {
        Samples.require(x, 2, "the mean discrepancy");
        Samples.require(y, 2, "the mean discrepancy");
        Samples.requireSameWidth(x, y, "the mean discrepancy");
        return new MeanDiscrepancy(x, y, kernel);
    }

    /** Without the pairs of a row and itself: about 0 for samples of one distribution, at times under it. */
    double unbiased() {
        return unbiased(observed);
    }

    /** With those pairs: a squared distance, never under 0. */
    double biased() {
        return (2 * observed.withinFirst + n) / ((double) n * n)
                + (2 * observed.withinSecond + m) / ((double) m * m)
                - 2 * observed.between / ((double) n * m);
    }

    /**
     * The share (1 + as far apart) / (1 + permutations) of random cuts whose unbiased discrepancy is the observed one at least. Cut p
     * is a pure function of seed, step and p.
     */
    double pValue(int permutations, long seed, long step) {
        check(permutations >= 1, "permutations must be at least 1, but were %d", permutations);
        double least = unbiased() - ROUNDING;
        int asFar = 0;
        for (int p = 0; p < permutations; p++) {
            CounterRandom random = CounterRandom.of(seed, step, CounterRandom.Purpose.PERMUTATION, p);
            asFar += unbiased(sums(choose(n, n + m, random))) >= least ? 1 : 0;
        }
        return (1.0 + asFar) / (1.0 + permutations);
    }

    private double unbiased(Sums sums) {
        return 2 * sums.withinFirst / (n * (n - 1.0))
                + 2 * sums.withinSecond / (m * (m - 1.0))
                - 2 * sums.between / ((double) n * m);
    }

    /** Sums over pairs when those rows are the first sample: only the pairs among them are visited, the rest follows from sums of rows. */
    private Sums sums(BitSet first) {
        int[] rows = first.stream().toArray();
        double within = 0;
        double all = 0;
        for (int i = 0; i < rows.length; i++) {
            double[] row = kernel[rows[i]];
            for (int j = 0; j < i; j++) {
                within += row[rows[j]];
            }
            all += rowSums[rows[i]];
        }
        double between = all - 2 * within;
        return new Sums(within, total - within - between, between);
    }

    /** Each set of {@code count} of the numbers under {@code bound} with the same chance (Floyd's sampling). */
    private static BitSet choose(int count, int bound, RandomGenerator random) {
        BitSet chosen = new BitSet(bound);
        for (int last = bound - count; last < bound; last++) {
            int drawn = random.nextInt(last + 1);
            chosen.set(chosen.get(drawn) ? last : drawn);
        }
        return chosen;
    }

    /** Of kernel values over pairs i < j. */
    private record Sums(double withinFirst, double withinSecond, double between) {}
}

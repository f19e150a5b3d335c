package org.millrace.evaluator.drift.detector;

import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Rows;
import org.millrace.numerics.Samples;

/**
 * Squared maximum mean discrepancies of windows to one reference under a kernel (Gretton et al. 2012, eqs. 3 and 5). Kernel values are
 * summed and not kept; those among the reference's own rows are computed once. Not thread safe before that.
 */
final class MeanDiscrepancy implements Detector {
    private static final int KERNEL_ROWS = 512;

    private final FeatureMatrix reference; // M×D
    private final RbfKernel kernel;
    private @Nullable Sums own;

    /** Of pairs of the reference's rows. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Sums(double[] ofRow, double total) {} // without a row and itself; of pairs i < j

    private MeanDiscrepancy(FeatureMatrix reference, RbfKernel kernel) {
        this.reference = reference;
        this.kernel = kernel;
    }

    static MeanDiscrepancy from(FeatureMatrix reference, RbfKernel kernel) {
        Samples.require(reference, 2, "the mean discrepancy");
        return new MeanDiscrepancy(reference, kernel);
    }

    /** With a kernel as wide as the median distance of the first rows. */
    static MeanDiscrepancy of(Reference reference) {
        FeatureMatrix rows = reference.rows();
        return from(rows, RbfKernel.ofMedianDistance(rows.first(Math.min(KERNEL_ROWS, rows.rows()))));
    }

    @Override
    public String name() {
        return "mmd";
    }

    @Override
    public double score(FeatureMatrix window, long step, OptionalDouble prepared) {
        return of(window, prepared).unbiased();
    }

    @Override
    public double scoreOfPart(Part part) {
        return unbiasedOfPart(part.chosen());
    }

    @Override
    public OptionalDouble prepare() {
        return OptionalDouble.of(total());
    }

    /**
     * Without the pairs of a row and itself, about 0 for samples of one distribution, at times under it; and with them, a squared
     * distance, never under 0.
     */
    record Value(double unbiased, double biased) {}

    /** @param total sum over the reference's pairs as {@link #total} gave it once, or empty to have it computed */
    Value of(FeatureMatrix window, OptionalDouble total) {
        Samples.require(window, 2, "the mean discrepancy");
        Samples.requireSameWidth(window, reference, "the mean discrepancy");
        double between = 0;
        for (int i = 0; i < window.rows(); i++) {
            for (int j = 0; j < reference.rows(); j++) {
                between += kernel.of(Rows.squaredDistance(window, i, reference, j));
            }
        }
        return value(
                window.rows(),
                within(window),
                reference.rows(),
                total.isPresent() ? total.getAsDouble() : total(),
                between);
    }

    /** Unbiased, of the reference's own rows {@code chosen} to the others. */
    double unbiasedOfPart(int[] chosen) {
        Sums sums = sums();
        double within = within(reference.select(chosen));
        double all = 0;
        for (int row : chosen) {
            all += sums.ofRow[row];
        }
        double between = all - 2 * within;
        return value(chosen.length, within, reference.rows() - chosen.length, sums.total - within - between, between)
                .unbiased();
    }

    /** Sum of the kernel over the reference's pairs. */
    double total() {
        return sums().total;
    }

    private Sums sums() {
        Sums made = own;
        if (made == null) {
            double[] ofRow = new double[reference.rows()];
            double total = 0;
            for (int i = 0; i < reference.rows(); i++) {
                for (int j = 0; j < i; j++) {
                    double value = kernel.of(Rows.squaredDistance(reference, i, reference, j));
                    ofRow[i] += value;
                    ofRow[j] += value;
                    total += value;
                }
            }
            made = new Sums(ofRow, total);
            own = made;
        }
        return made;
    }

    private double within(FeatureMatrix rows) {
        double sum = 0;
        for (int i = 0; i < rows.rows(); i++) {
            for (int j = 0; j < i; j++) {
                sum += kernel.of(Rows.squaredDistance(rows, i, rows, j));
            }
        }
        return sum;
    }

    private static Value value(int n, double withinFirst, int m, double withinSecond, double between) {
        double cross = 2 * between / ((double) n * m);
        return new Value(
                2 * withinFirst / (n * (n - 1.0)) + 2 * withinSecond / (m * (m - 1.0)) - cross,
                (2 * withinFirst + n) / ((double) n * n) + (2 * withinSecond + m) / ((double) m * m) - cross);
    }
}

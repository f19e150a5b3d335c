package org.millrace.evaluator.drift.detector;

import java.util.Arrays;
import java.util.OptionalDouble;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.jspecify.annotations.Nullable;
import org.millrace.numerics.Decompositions;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Products;
import org.millrace.numerics.Samples;

/**
 * Squared Fréchet distances of windows to one reference of N×D, the same as {@link FrechetDistance}'s.
 *
 * <p>A window of n ≤ D rows has a covariance XᵀX/(n − 1) of low rank, and (Σ XᵀX)^½ has the trace of (X Σ Xᵀ)^½, which is n×n: no
 * D×D matrix is decomposed.
 */
final class FrechetToReference implements Detector {
    static final String NAME = "frechet";

    private final FeatureMatrix reference;
    private final Gaussian gaussian;
    private @Nullable DMatrixRMaj projected; // N×D: the reference's rows times its covariance, once they are needed

    FrechetToReference(FeatureMatrix reference) {
        this.reference = reference;
        this.gaussian = Gaussian.of(reference);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public double score(FeatureMatrix window, long step, OptionalDouble prepared) {
        return squared(window);
    }

    @Override
    public double scoreOfPart(Part part) {
        return squaredOfPart(part.chosen());
    }

    /** Less the mean that sampling alone gives. */
    @Override
    public double reported(FeatureMatrix window, double score, double mean, double threshold) {
        return score - mean;
    }

    @Override
    public OptionalDouble prepare() {
        projected();
        return OptionalDouble.empty();
    }

    /** The distance of other rows. */
    double squared(FeatureMatrix window) {
        Samples.require(window, 2, "the Fréchet distance");
        if (window.rows() > reference.columns()) {
            return FrechetDistance.between(gaussian, Gaussian.of(window)).squared();
        }
        Narrow narrow = new Narrow(window);
        DMatrixRMaj product = CommonOps_DDRM.mult(narrow.centred, gaussian.covariance(), null); // n×D
        DMatrixRMaj gram = CommonOps_DDRM.multTransB(product, narrow.centred, null);
        return narrow.squared(gram, CommonOps_DDRM.trace(gaussian.covariance()), 1);
    }

    /** The distance of the reference's own rows {@code chosen} to its others. */
    double squaredOfPart(int[] chosen) {
        FeatureMatrix part = reference.select(chosen);
        int rows = reference.rows();
        if (chosen.length > reference.columns()) {
            Gaussian taken = Gaussian.of(part);
            return FrechetDistance.between(gaussian.without(taken, rows, chosen.length), taken)
                    .squared();
        }
        // as in Gaussian.without, with X on both sides
        int n = chosen.length;
        int rest = rows - n;
        double weight = (double) n * rows / rest;
        Narrow narrow = new Narrow(part);
        DMatrixRMaj chosenProjected = DMatrixRMaj.wrap(
                n,
                reference.columns(),
                new FeatureMatrix(rows, reference.columns(), projected().data)
                        .select(chosen)
                        .values());
        subtractMeanRow(chosenProjected);
        DMatrixRMaj gram = CommonOps_DDRM.multTransB(chosenProjected, narrow.centred, null);
        CommonOps_DDRM.scale(rows - 1.0, gram);
        DMatrixRMaj own = CommonOps_DDRM.multTransB(narrow.centred, narrow.centred, null);
        CommonOps_DDRM.multAdd(-1, own, own, gram);
        DMatrixRMaj along = CommonOps_DDRM.mult(narrow.centred, narrow.difference, null);
        CommonOps_DDRM.multAddTransB(-weight, along, along, gram);
        CommonOps_DDRM.divide(gram, rest - 1.0);
        double trace = ((rows - 1.0) * CommonOps_DDRM.trace(gaussian.covariance())
                        - Products.squaredNorm(narrow.centred)
                        - weight * Products.squaredNorm(narrow.difference))
                / (rest - 1.0);
        return narrow.squared(gram, trace, (double) rows / rest);
    }

    private DMatrixRMaj projected() {
        DMatrixRMaj made = projected;
        if (made == null) {
            made = CommonOps_DDRM.mult(
                    DMatrixRMaj.wrap(reference.rows(), reference.columns(), reference.values()),
                    gaussian.covariance(),
                    null);
            projected = made;
        }
        return made;
    }

    private static double[] subtractMeanRow(DMatrixRMaj matrix) {
        int columns = matrix.numCols;
        double[] mean = new double[columns];
        for (int i = 0; i < matrix.data.length; i++) {
            mean[i % columns] += matrix.data[i] / matrix.numRows;
        }
        for (int i = 0; i < matrix.data.length; i++) {
            matrix.data[i] -= mean[i % columns];
        }
        return mean;
    }

    /** A window of fewer rows than dimensions. */
    private final class Narrow {
        private final DMatrixRMaj centred; // X, n×D
        private final DMatrixRMaj difference; // its mean minus the reference's, D×1

        Narrow(FeatureMatrix rows) {
            centred = DMatrixRMaj.wrap(rows.rows(), rows.columns(), Arrays.copyOf(rows.values(), rows.values().length));
            double[] mean = subtractMeanRow(centred);
            difference = CommonOps_DDRM.subtract(DMatrixRMaj.wrap(mean.length, 1, mean), gaussian.mean(), null);
        }

        /** @param gram X Σ Xᵀ of the covariance Σ with that trace, whose mean lies {@code scale} times the difference away */
        double squared(DMatrixRMaj gram, double trace, double scale) {
            double freedom = centred.numRows - 1.0;
            double traceOfRoot = Decompositions.traceOfRoot(gram) / Math.sqrt(freedom);
            double squared = scale * scale * Products.squaredNorm(difference)
                    + trace
                    + Products.squaredNorm(centred) / freedom
                    - 2 * traceOfRoot;
            return Math.max(0, squared);
        }
    }
}

package org.millrace.evaluator.drift.detector;

import static org.millrace.contract.Check.check;

import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.millrace.numerics.Centred;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Products;
import org.millrace.numerics.Samples;

/**
 * A normal distribution: all that the Fréchet distance uses of a sample.
 *
 * @param mean D×1
 * @param covariance D×D, symmetric, positive semidefinite
 */
record Gaussian(DMatrixRMaj mean, DMatrixRMaj covariance) {
    Gaussian {
        check(
                mean.numCols == 1 && covariance.numRows == mean.numRows && covariance.numCols == mean.numRows,
                "a normal distribution in %d dimensions must have a square covariance of that size, but it was %d×%d",
                mean.numRows,
                covariance.numRows,
                covariance.numCols);
    }

    /** With the sample's mean and unbiased covariance (N − 1). */
    static Gaussian of(FeatureMatrix sample) {
        Samples.require(sample, 2, "a covariance");
        Centred centred = Centred.of(sample);
        DMatrixRMaj covariance = centred.isConstant()
                ? new DMatrixRMaj(sample.columns(), sample.columns())
                : Products.transposed(centred.matrix(), centred.matrix());
        CommonOps_DDRM.divide(covariance, sample.rows() - 1.0);
        return new Gaussian(DMatrixRMaj.wrap(sample.columns(), 1, centred.mean().clone()), covariance);
    }

    /**
     * Of the rows that remain of a sample of {@code rows} with this mean and covariance, when {@code partRows} of them with those of
     * {@code part} are taken out: (N − 1)Σ = (n − 1)Σ₁ + (N − n − 1)Σ₂ + n(N − n)/N · δδᵀ with δ = μ₁ − μ₂ = (μ₁ − μ) · N/(N − n).
     */
    Gaussian without(Gaussian part, int rows, int partRows) {
        int rest = rows - partRows;
        check(rest >= 2, "without %d of %d rows too few remain", partRows, rows);
        DMatrixRMaj difference = CommonOps_DDRM.subtract(part.mean, mean, null);
        DMatrixRMaj restMean = CommonOps_DDRM.add(mean, -(double) partRows / rest, difference, null);
        DMatrixRMaj scatter = CommonOps_DDRM.add(rows - 1.0, covariance, -(partRows - 1.0), part.covariance, null);
        CommonOps_DDRM.multAddTransB(-(double) partRows * rows / rest, difference, difference, scatter);
        CommonOps_DDRM.divide(scatter, rest - 1.0);
        return new Gaussian(restMean, scatter);
    }

    int dimensions() {
        return mean.numRows;
    }
}

package org.millrace.evaluator.drift;

import static org.millrace.contract.Check.check;

import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.millrace.encoder.matrix.Centred;
import org.millrace.encoder.matrix.FeatureMatrix;
import org.millrace.encoder.matrix.Products;
import org.millrace.encoder.matrix.Samples;

/**
 * A normal distribution: what the Fréchet distance sees of a sample.
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

    int dimensions() {
        return mean.numRows;
    }
}

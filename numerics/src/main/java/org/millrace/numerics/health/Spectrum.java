package org.millrace.numerics.health;

import java.util.Arrays;
import org.ejml.data.DMatrixRMaj;
import org.millrace.numerics.Centred;
import org.millrace.numerics.Decompositions;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Samples;

/**
 * Singular values of a feature matrix, largest first, min(N, D) of them, and the ranks that are read off them. Values that are
 * zero up to rounding are zero.
 *
 * <p>A rank of a matrix of zeros is 0. Ranks are to be compared between encoders of one method and one width only.
 */
final class Spectrum {
    /** ε of RankMe, added to each share after the division by the sum (Garrido et al. 2023, eq. 1). */
    static final double EPSILON = 1e-7;

    private final double[] values;

    Spectrum(double[] values) {
        this.values = values;
    }

    /** Of the features as they are and of the centred ones, by one QR decomposition. */
    static Both of(FeatureMatrix features) {
        Samples.require(features, 2, "the singular values");
        Centred centred = Centred.of(features);
        int size = Math.min(features.rows(), features.columns());
        DMatrixRMaj factor = features.rows() > features.columns()
                ? Decompositions.triangularFactor(centred.matrix())
                : centred.matrix();
        double[] raw = Decompositions.singularValues(withMean(factor, centred));
        double[] without = Decompositions.singularValues(factor);
        double zero = Math.max(features.rows(), features.columns()) * Math.ulp(1.0) * raw[0];
        return new Both(new Spectrum(cut(raw, size, zero)), new Spectrum(cut(without, size, zero)));
    }

    // X = Xc + 1μᵀ and the columns of Xc are orthogonal to 1: X has the singular values of Xc's factor with a row √N·μᵀ
    // below
    private static DMatrixRMaj withMean(DMatrixRMaj factor, Centred centred) {
        int columns = factor.numCols;
        double[] rows = Arrays.copyOf(factor.data, (factor.numRows + 1) * columns);
        double root = Math.sqrt(centred.rows());
        for (int d = 0; d < columns; d++) {
            rows[factor.numRows * columns + d] = root * centred.mean()[d];
        }
        return DMatrixRMaj.wrap(factor.numRows + 1, columns, rows);
    }

    private static double[] cut(double[] values, int size, double zero) {
        return Arrays.stream(values)
                .limit(size)
                .map(value -> value <= zero ? 0 : value)
                .toArray();
    }

    double[] values() {
        return values.clone();
    }

    /** RankMe, exp(−Σ p log p) of p = σ / ‖σ‖₁ + ε (Garrido et al. 2023, eq. 1); in [0, min(N, D)] up to ε.
     * Without ε it is Roy and Vetterli's effective rank (2007). */
    double rankMe(double epsilon) {
        double sum = Arrays.stream(values).sum();
        if (sum == 0) {
            return 0;
        }
        double entropy = 0;
        for (double value : values) {
            double share = value / sum + epsilon;
            entropy -= share == 0 ? 0 : share * Math.log(share);
        }
        return Math.exp(entropy);
    }

    /** Eigenvalues σ² / (N − 1) of the covariance, where this is the spectrum of N centred rows. */
    double[] covarianceEigenvalues(int rows) {
        return Arrays.stream(values).map(value -> value * value / (rows - 1)).toArray();
    }

    /** The spectra of one feature matrix with and without its mean. */
    record Both(Spectrum raw, Spectrum centred) {}
}

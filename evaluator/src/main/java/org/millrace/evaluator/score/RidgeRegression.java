package org.millrace.evaluator.score;

import static org.millrace.contract.Check.check;

import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.millrace.numerics.Centred;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.PositiveDefinite;
import org.millrace.numerics.Products;

/**
 * Ridge regression in closed form (Hoerl and Kennard 1970): W = (XcᵀXc + λI)⁻¹XcᵀYc minimises ‖Xc·W − Yc‖² + λ‖W‖², a sum without
 * mean or half; with the free intercept b = ȳ − x̄W, X and Y are centred first. Immutable by convention.
 */
final class RidgeRegression {
    private final DMatrixRMaj weights; // D×C
    private final DMatrixRMaj intercept; // 1×C

    private RidgeRegression(DMatrixRMaj weights, DMatrixRMaj intercept) {
        this.weights = weights;
        this.intercept = intercept;
    }

    /** XW + b, N×C. */
    double[] predict(FeatureMatrix x) {
        DMatrixRMaj result = CommonOps_DDRM.mult(matrix(x), weights, null);
        for (int i = 0; i < result.data.length; i++) {
            result.data[i] += intercept.data[i % intercept.numCols];
        }
        return result.data;
    }

    /** ‖XW + b − Y‖² + λ‖W‖². */
    double objective(FeatureMatrix x, FeatureMatrix y, double l2) {
        DMatrixRMaj predictions = DMatrixRMaj.wrap(y.rows(), y.columns(), predict(x));
        return Products.squaredNorm(CommonOps_DDRM.subtract(predictions, matrix(y), null))
                + l2 * Products.squaredNorm(weights);
    }

    double[] weights() {
        return weights.data;
    }

    double[] intercept() {
        return intercept.data;
    }

    private static DMatrixRMaj matrix(FeatureMatrix features) {
        return DMatrixRMaj.wrap(features.rows(), features.columns(), features.values());
    }

    /** What the fits of every λ share: means, XcᵀXc and XcᵀYc. Safe for many readers. */
    static final class Equations {
        private final DMatrixRMaj xMeans; // 1×D
        private final DMatrixRMaj yMeans; // 1×C
        private final DMatrixRMaj gram; // XcᵀXc, D×D
        private final DMatrixRMaj moments; // XcᵀYc, D×C

        /** @param y N×C, for classes their one-hot labels */
        Equations(FeatureMatrix x, FeatureMatrix y, boolean withIntercept) {
            check(x.rows() == y.rows() && x.rows() >= 1, "%d rows cannot be fitted to %d", x.rows(), y.rows());
            this.xMeans = new DMatrixRMaj(1, x.columns());
            this.yMeans = new DMatrixRMaj(1, y.columns());
            DMatrixRMaj features = withIntercept ? centred(x, xMeans) : matrix(x);
            DMatrixRMaj targets = withIntercept ? centred(y, yMeans) : matrix(y);
            this.gram = Products.transposed(features, features);
            this.moments = Products.transposed(features, targets);
        }

        private static DMatrixRMaj centred(FeatureMatrix rows, DMatrixRMaj means) {
            Centred centred = Centred.of(rows);
            means.setTo(DMatrixRMaj.wrap(1, rows.columns(), centred.mean()));
            return centred.matrix();
        }

        /** @param l2 λ, more than 0 */
        RidgeRegression solve(double l2) {
            check(l2 > 0, "l2 must be positive, but was %s", l2);
            DMatrixRMaj weights = PositiveDefinite.ofRidge(gram.copy(), l2).solve(moments);
            DMatrixRMaj intercept = CommonOps_DDRM.subtract(yMeans, CommonOps_DDRM.mult(xMeans, weights, null), null);
            return new RidgeRegression(weights, intercept);
        }
    }
}

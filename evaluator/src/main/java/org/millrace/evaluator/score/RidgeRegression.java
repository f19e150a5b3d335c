package org.millrace.evaluator.score;

import static org.millrace.contract.Check.check;

import org.millrace.numerics.FeatureMatrix;

/**
 * Ridge regression in closed form (Hoerl and Kennard 1970): W = (XcᵀXc + λI)⁻¹XcᵀYc minimises ‖Xc·W − Yc‖² + λ‖W‖², a sum without
 * mean or half; with the free intercept b = ȳ − x̄W, X and Y are centred first. Immutable by convention.
 */
final class RidgeRegression {
    private final double[] weights; // D×C
    private final double[] intercept; // C
    private final int targets;

    private RidgeRegression(double[] weights, double[] intercept, int targets) {
        this.weights = weights;
        this.intercept = intercept;
        this.targets = targets;
    }

    /** XW + b, N×C. */
    double[] predict(FeatureMatrix x) {
        int columns = x.columns();
        double[] result = new double[Math.multiplyExact(x.rows(), targets)];
        for (int n = 0; n < x.rows(); n++) {
            for (int c = 0; c < targets; c++) {
                double sum = intercept[c];
                for (int d = 0; d < columns; d++) {
                    sum += x.values()[n * columns + d] * weights[d * targets + c];
                }
                result[n * targets + c] = sum;
            }
        }
        return result;
    }

    /** ‖XW + b − Y‖² + λ‖W‖². */
    double objective(FeatureMatrix x, FeatureMatrix y, double l2) {
        double[] predictions = predict(x);
        double sum = 0;
        for (int i = 0; i < predictions.length; i++) {
            double difference = predictions[i] - y.values()[i];
            sum += difference * difference;
        }
        return sum + l2 * Lbfgs.dot(weights, weights);
    }

    double[] weights() {
        return weights;
    }

    double[] intercept() {
        return intercept;
    }

    /** What the fits of every λ share: means, XcᵀXc and XcᵀYc. Safe for many readers. */
    static final class Equations {
        private final double[] xMeans; // D
        private final double[] yMeans; // C
        private final double[] gram; // XcᵀXc, D×D, lower triangle
        private final double[] moments; // XcᵀYc, D×C

        /** @param y N×C, for classes their one-hot labels */
        Equations(FeatureMatrix x, FeatureMatrix y, boolean withIntercept) {
            check(x.rows() == y.rows() && x.rows() >= 1, "%d rows cannot be fitted to %d", x.rows(), y.rows());
            int columns = x.columns();
            int targets = y.columns();
            this.xMeans = withIntercept ? means(x) : new double[columns];
            this.yMeans = withIntercept ? means(y) : new double[targets];
            this.gram = new double[columns * columns];
            this.moments = new double[columns * targets];
            double[] row = new double[columns];
            for (int n = 0; n < x.rows(); n++) {
                for (int d = 0; d < columns; d++) {
                    row[d] = x.values()[n * columns + d] - xMeans[d];
                }
                for (int a = 0; a < columns; a++) {
                    for (int b = 0; b <= a; b++) {
                        gram[a * columns + b] += row[a] * row[b];
                    }
                    for (int c = 0; c < targets; c++) {
                        moments[a * targets + c] += row[a] * (y.values()[n * targets + c] - yMeans[c]);
                    }
                }
            }
        }

        /** @param l2 λ, more than 0 */
        RidgeRegression solve(double l2) {
            check(l2 > 0, "l2 must be positive, but was %s", l2);
            int targets = yMeans.length;
            double[] matrix = gram.clone();
            for (int d = 0; d < xMeans.length; d++) {
                matrix[d * xMeans.length + d] += l2;
            }
            double[] weights = moments.clone();
            Cholesky.factorise(matrix, xMeans.length);
            Cholesky.solve(matrix, xMeans.length, weights, targets);
            double[] intercept = yMeans.clone();
            for (int c = 0; c < targets; c++) {
                for (int d = 0; d < xMeans.length; d++) {
                    intercept[c] -= xMeans[d] * weights[d * targets + c];
                }
            }
            return new RidgeRegression(weights, intercept, targets);
        }

        private static double[] means(FeatureMatrix matrix) {
            int columns = matrix.columns();
            double[] means = new double[columns];
            for (int i = 0; i < matrix.values().length; i++) {
                means[i % columns] += matrix.values()[i] / matrix.rows();
            }
            return means;
        }
    }
}

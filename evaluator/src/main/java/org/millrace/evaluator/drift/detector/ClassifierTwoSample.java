package org.millrace.evaluator.drift.detector;

import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.numerics.Centred;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.PositiveDefinite;
import org.millrace.numerics.Products;
import org.millrace.numerics.Samples;

/**
 * Whether a classifier separates two samples (Lopez-Paz and Oquab 2017, arXiv:1610.06545): linear discriminant analysis is fitted on
 * one half of equally many rows of both, and tested on the other half. Where both have one distribution its accuracy is ½ on average.
 *
 * @param accuracy on the held-out rows, in [0, 1]
 * @param heldOut rows that it was tested on
 */
record ClassifierTwoSample(double accuracy, int heldOut) {
    private static final int LEAST_ROWS = 8;
    /** Share of the mean variance that is added to every dimension, so that few rows in many dimensions have a solution. */
    private static final double RIDGE = 1e-3;

    /** Rows are drawn without replacement; which, is a pure function of seed and step. */
    static ClassifierTwoSample between(FeatureMatrix x, FeatureMatrix y, long seed, long step) {
        Samples.require(x, LEAST_ROWS, "the classifier test");
        Samples.require(y, LEAST_ROWS, "the classifier test");
        Samples.requireSameWidth(x, y, "the classifier test");
        int each = Math.min(x.rows(), y.rows()) / 2;
        int[] fromX = shuffled(x.rows(), CounterRandom.of(seed, step, Purpose.PERMUTATION, 0));
        int[] fromY = shuffled(y.rows(), CounterRandom.of(seed, step, Purpose.PERMUTATION, 1));
        FeatureMatrix trainX = rows(x, fromX, 0, each);
        FeatureMatrix trainY = rows(y, fromY, 0, each);
        FeatureMatrix testX = rows(x, fromX, each, each);
        FeatureMatrix testY = rows(y, fromY, each, each);
        Centred first = Centred.of(trainX);
        Centred second = Centred.of(trainY);
        double[] direction = direction(first, second);
        double middle = (dot(direction, first.mean(), 0) + dot(direction, second.mean(), 0)) / 2;
        int right = above(testX, direction, middle) + (each - above(testY, direction, middle));
        return new ClassifierTwoSample(right / (2.0 * each), 2 * each);
    }

    /** (S + λI)⁻¹ (μ₁ − μ₂) of the mean covariance S. */
    static double[] direction(Centred first, Centred second) {
        int d = first.mean().length;
        DMatrixRMaj rows = stacked(first, second); // Z with S = ZᵀZ
        DMatrixRMaj difference = CommonOps_DDRM.subtract(column(first.mean()), column(second.mean()), null);
        double ridge = RIDGE * Products.squaredNorm(rows) / d;
        ridge = ridge > 0 ? ridge : 1;
        if (rows.numRows >= d) {
            return PositiveDefinite.ofRidge(Products.transposed(rows, rows), ridge)
                    .solve(difference)
                    .data;
        }
        // fewer rows than dimensions: (ZᵀZ + λI)⁻¹ δ = (δ − Zᵀ (ZZᵀ + λI)⁻¹ Zδ) / λ
        DMatrixRMaj gram = CommonOps_DDRM.multTransB(rows, rows, null);
        DMatrixRMaj inner = PositiveDefinite.ofRidge(gram, ridge).solve(CommonOps_DDRM.mult(rows, difference, null));
        CommonOps_DDRM.multAddTransA(-1, rows, inner, difference);
        CommonOps_DDRM.divide(difference, ridge);
        return difference.data;
    }

    // both samples' centred rows, each over √(2(n − 1))
    private static DMatrixRMaj stacked(Centred first, Centred second) {
        DMatrixRMaj rows = CommonOps_DDRM.concatRowsMulti(first.matrix(), second.matrix());
        CommonOps_DDRM.divide(rows, Math.sqrt(2 * (first.rows() - 1.0)));
        return rows;
    }

    private static DMatrixRMaj column(double[] values) {
        return DMatrixRMaj.wrap(values.length, 1, values);
    }

    private static int above(FeatureMatrix rows, double[] direction, double middle) {
        int above = 0;
        for (int row = 0; row < rows.rows(); row++) {
            above += dot(direction, rows.values(), row * rows.columns()) > middle ? 1 : 0;
        }
        return above;
    }

    private static double dot(double[] direction, double[] values, int from) {
        double sum = 0;
        for (int i = 0; i < direction.length; i++) {
            sum += direction[i] * values[from + i];
        }
        return sum;
    }

    private static int[] shuffled(int count, CounterRandom random) {
        int[] order = new int[count];
        for (int i = 0; i < count; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    private static FeatureMatrix rows(FeatureMatrix matrix, int[] order, int from, int count) {
        int d = matrix.columns();
        double[] values = new double[count * d];
        for (int i = 0; i < count; i++) {
            System.arraycopy(matrix.values(), order[from + i] * d, values, i * d, d);
        }
        return new FeatureMatrix(count, d, values);
    }
}

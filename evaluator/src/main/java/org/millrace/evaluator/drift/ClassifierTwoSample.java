package org.millrace.evaluator.drift;

import static org.millrace.contract.Check.check;

import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.LinearSolverFactory_DDRM;
import org.ejml.interfaces.linsol.LinearSolverDense;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.encoder.matrix.FeatureMatrix;
import org.millrace.encoder.matrix.Samples;

/**
 * Whether a classifier tells two samples apart (Lopez-Paz and Oquab 2017, arXiv:1610.06545): linear discriminant analysis is fitted on
 * one half of equally many rows of both, and asked about the other half. Where both have one distribution its accuracy is ½ on average.
 *
 * @param accuracy on the held-out rows, in [0, 1]
 * @param heldOut rows that it was asked about
 * @param pValue chance of at least that accuracy where nothing can be told apart, by the normal approximation of the binomial
 */
record ClassifierTwoSample(double accuracy, int heldOut, double pValue) {
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
        Gaussian first = Gaussian.of(trainX);
        Gaussian second = Gaussian.of(trainY);
        double[] direction = direction(first, second);
        double middle = (dot(direction, first.mean().data, 0) + dot(direction, second.mean().data, 0)) / 2;
        int right = above(testX, direction, middle) + (each - above(testY, direction, middle));
        double accuracy = right / (2.0 * each);
        double deviations = (accuracy - 0.5) * 2 * Math.sqrt(2.0 * each);
        return new ClassifierTwoSample(accuracy, 2 * each, upperTail(deviations));
    }

    // (Σ + λI)⁻¹ (μ₁ − μ₂) of the mean covariance
    private static double[] direction(Gaussian first, Gaussian second) {
        int d = first.dimensions();
        DMatrixRMaj covariance = CommonOps_DDRM.add(first.covariance(), second.covariance(), null);
        CommonOps_DDRM.scale(0.5, covariance);
        double ridge = RIDGE * CommonOps_DDRM.trace(covariance) / d;
        for (int i = 0; i < d; i++) {
            covariance.add(i, i, ridge > 0 ? ridge : 1);
        }
        DMatrixRMaj difference = CommonOps_DDRM.subtract(first.mean(), second.mean(), null);
        LinearSolverDense<DMatrixRMaj> solver = LinearSolverFactory_DDRM.symmPosDef(d);
        check(solver.setA(covariance), "the classifier test: the covariance of %d dimensions has no inverse", d);
        DMatrixRMaj direction = new DMatrixRMaj(d, 1);
        solver.solve(difference, direction);
        return direction.data;
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

    /** P(Z ≥ z) of a standard normal Z, to 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26). */
    static double upperTail(double z) {
        double x = Math.abs(z) / Math.sqrt(2);
        double t = 1 / (1 + 0.3275911 * x);
        double polynomial =
                t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
        double tail = polynomial * Math.exp(-x * x) / 2;
        return z >= 0 ? tail : 1 - tail;
    }
}

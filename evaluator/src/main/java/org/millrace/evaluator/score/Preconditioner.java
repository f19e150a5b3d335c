package org.millrace.evaluator.score;

import org.millrace.numerics.FeatureMatrix;

/**
 * A fixed estimate of the inverse Hessian of logistic regression: for each class the inverse of κ·E[x̃x̃ᵀ] + λI, where x̃ is a row
 * with a 1 behind it and κ is p(1 − p) with all classes equally probable. Correlated features then cost tens of iterations
 * instead of hundreds. Not thread safe.
 */
final class Preconditioner {
    /** Of longer features the matrix would cost more than the iterations that it saves: then it is left out. */
    private static final int MOST_COLUMNS = 1024;

    private static final int ENOUGH_ROWS = 2048;
    private static final double RIDGE = 1e-9;

    private final int classes;
    private final int size; // D + 1, or 0 to change nothing
    private final double[] factor; // lower triangle L of the matrix LLᵀ, row-major
    private final double[] scratch;

    private Preconditioner(int classes, int size, double[] factor) {
        this.classes = classes;
        this.size = size;
        this.factor = factor;
        this.scratch = new double[size];
    }

    /** The one that changes nothing. */
    static Preconditioner identity() {
        return new Preconditioner(0, 0, new double[0]);
    }

    static Preconditioner of(FeatureMatrix features, int classes, double l2) {
        int columns = features.columns();
        if (columns > MOST_COLUMNS) {
            return identity();
        }
        int size = columns + 1;
        double[] matrix = secondMoments(features);
        double curvature = (classes - 1.0) / classes / classes;
        for (int i = 0; i < matrix.length; i++) {
            matrix[i] *= curvature;
        }
        double trace = 0;
        for (int i = 0; i < size; i++) {
            trace += matrix[i * size + i];
        }
        for (int i = 0; i < size; i++) {
            matrix[i * size + i] += RIDGE * trace + (i < columns ? l2 : 0);
        }
        Cholesky.factorise(matrix, size);
        return new Preconditioner(classes, size, matrix);
    }

    /** Multiplies parameters or a gradient, W as C×D row-major and then b, in place. */
    void apply(double[] vector) {
        int columns = size - 1;
        for (int c = 0; c < classes; c++) {
            System.arraycopy(vector, c * columns, scratch, 0, columns);
            scratch[columns] = vector[classes * columns + c];
            Cholesky.solve(factor, size, scratch, 1);
            System.arraycopy(scratch, 0, vector, c * columns, columns);
            vector[classes * columns + c] = scratch[columns];
        }
    }

    /** E[x̃x̃ᵀ], lower triangle, over evenly spread rows. */
    private static double[] secondMoments(FeatureMatrix features) {
        int columns = features.columns();
        int size = columns + 1;
        double[] x = features.values();
        double[] moments = new double[size * size];
        int rows = Math.min(features.rows(), Math.max(ENOUGH_ROWS, 2 * columns));
        for (int i = 0; i < rows; i++) {
            int row = (int) ((long) features.rows() * i / rows) * columns;
            for (int a = 0; a < columns; a++) {
                double value = x[row + a] / rows;
                int to = a * size;
                for (int b = 0; b <= a; b++) {
                    moments[to + b] += value * x[row + b];
                }
                moments[columns * size + a] += value;
            }
        }
        moments[columns * size + columns] = 1;
        return moments;
    }
}

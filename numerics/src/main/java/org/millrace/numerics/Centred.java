package org.millrace.numerics;

import org.ejml.data.DMatrixRMaj;

/** Features minus the mean of each column, with those means. Immutable after construction and safe for concurrent readers. */
public final class Centred {
    private static final double ROUNDING = Math.ulp(1.0);

    private final double[] mean; // D
    private final DMatrixRMaj matrix; // N×D
    private final double noise;

    private Centred(double[] mean, DMatrixRMaj matrix, double noise) {
        this.mean = mean;
        this.matrix = matrix;
        this.noise = noise;
    }

    public static Centred of(FeatureMatrix features) {
        int rows = features.rows();
        int columns = features.columns();
        double[] values = features.values().clone();
        double[] mean = new double[columns];
        double squares = 0;
        for (int i = 0; i < values.length; i++) {
            mean[i % columns] += values[i] / rows;
            squares += values[i] * values[i];
        }
        for (int i = 0; i < values.length; i++) {
            values[i] -= mean[i % columns];
        }
        double noise = Math.max(rows, columns) * ROUNDING * Math.sqrt(squares);
        return new Centred(mean, DMatrixRMaj.wrap(rows, columns, values), noise);
    }

    public int rows() {
        return matrix.numRows;
    }

    /** The means, D: read them, do not write to them. */
    public double[] mean() {
        return mean;
    }

    /** The centred rows, N×D: read them, do not write to them. */
    public DMatrixRMaj matrix() {
        return matrix;
    }

    /** What rounding alone can leave of the norm of constant rows: max(N, D) · ε · ‖X‖_F. */
    public double noise() {
        return noise;
    }

    /** Whether all rows are the same, up to rounding: there is then no direction to measure. */
    public boolean isConstant() {
        return Math.sqrt(Products.squaredNorm(matrix)) <= noise;
    }
}

package org.millrace.numerics;

/** Arithmetic on single rows of feature matrices, in four independent sums so that additions overlap. The two loops are written out:
 * a shared one would call a function for each pair of numbers. */
public final class Rows {
    private static final double SMALLEST_NORM = 1e-12;

    private Rows() {}

    /** Inner product of row i of x and row j of y. */
    public static double dot(FeatureMatrix x, int i, FeatureMatrix y, int j) {
        double[] a = x.values();
        double[] b = y.values();
        int columns = x.columns();
        int p = i * columns;
        int q = j * columns;
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int d = 0;
        for (; d + 4 <= columns; d += 4) {
            s0 += a[p + d] * b[q + d];
            s1 += a[p + d + 1] * b[q + d + 1];
            s2 += a[p + d + 2] * b[q + d + 2];
            s3 += a[p + d + 3] * b[q + d + 3];
        }
        for (; d < columns; d++) {
            s0 += a[p + d] * b[q + d];
        }
        return s0 + s1 + (s2 + s3);
    }

    /** Squared Euclidean distance of row i of x and row j of y. */
    public static double squaredDistance(FeatureMatrix x, int i, FeatureMatrix y, int j) {
        double[] a = x.values();
        double[] b = y.values();
        int columns = x.columns();
        int p = i * columns;
        int q = j * columns;
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int d = 0;
        for (; d + 4 <= columns; d += 4) {
            double d0 = a[p + d] - b[q + d];
            double d1 = a[p + d + 1] - b[q + d + 1];
            double d2 = a[p + d + 2] - b[q + d + 2];
            double d3 = a[p + d + 3] - b[q + d + 3];
            s0 += d0 * d0;
            s1 += d1 * d1;
            s2 += d2 * d2;
            s3 += d3 * d3;
        }
        for (; d < columns; d++) {
            double difference = a[p + d] - b[q + d];
            s0 += difference * difference;
        }
        return s0 + s1 + (s2 + s3);
    }

    /** The rows divided by their lengths, max(‖x‖, 1e-12). */
    public static FeatureMatrix unit(FeatureMatrix features) {
        double[] unit = features.values().clone();
        int columns = features.columns();
        for (int row = 0; row < features.rows(); row++) {
            double length = Math.max(Math.sqrt(dot(features, row, features, row)), SMALLEST_NORM);
            for (int d = row * columns; d < (row + 1) * columns; d++) {
                unit[d] /= length;
            }
        }
        return new FeatureMatrix(features.rows(), columns, unit);
    }
}

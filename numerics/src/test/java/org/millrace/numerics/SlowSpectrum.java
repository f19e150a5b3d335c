package org.millrace.numerics;

import java.util.Arrays;

/** Singular values by one-sided Jacobi rotations: columns are turned until each pair is orthogonal, then their lengths are read. */
public final class SlowSpectrum {
    private SlowSpectrum() {}

    /** Largest first, min(N, D) of them. */
    public static double[] singularValues(FeatureMatrix features) {
        int rows = features.rows();
        int columns = features.columns();
        double[][] u = new double[columns][rows];
        for (int i = 0; i < rows * columns; i++) {
            u[i % columns][i / columns] = features.values()[i];
        }
        for (int sweep = 0; sweep < 60; sweep++) {
            for (int p = 0; p < columns; p++) {
                for (int q = p + 1; q < columns; q++) {
                    rotate(u[p], u[q]);
                }
            }
        }
        double[] lengths = Arrays.stream(u)
                .mapToDouble(column -> -Math.sqrt(dot(column, column)))
                .sorted()
                .limit(Math.min(rows, columns))
                .toArray();
        return Arrays.stream(lengths).map(length -> -length).toArray();
    }

    public static double rankMe(FeatureMatrix features, double epsilon) {
        double[] values = singularValues(features);
        double sum = Arrays.stream(values).sum();
        double entropy = 0;
        for (double value : values) {
            double p = value / sum + epsilon;
            entropy -= p * Math.log(p);
        }
        return Math.exp(entropy);
    }

    public static FeatureMatrix centred(FeatureMatrix features) {
        double[] values = features.values().clone();
        for (int d = 0; d < features.columns(); d++) {
            double mean = 0;
            for (int i = d; i < values.length; i += features.columns()) {
                mean += values[i];
            }
            mean /= features.rows();
            for (int i = d; i < values.length; i += features.columns()) {
                values[i] -= mean;
            }
        }
        return new FeatureMatrix(features.rows(), features.columns(), values);
    }

    private static void rotate(double[] a, double[] b) {
        double product = dot(a, b);
        if (product == 0) {
            return;
        }
        double tau = (dot(b, b) - dot(a, a)) / (2 * product);
        double tangent = Math.copySign(1, tau) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
        double cosine = 1 / Math.sqrt(1 + tangent * tangent);
        double sine = cosine * tangent;
        for (int i = 0; i < a.length; i++) {
            double old = a[i];
            a[i] = cosine * old - sine * b[i];
            b[i] = sine * old + cosine * b[i];
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}

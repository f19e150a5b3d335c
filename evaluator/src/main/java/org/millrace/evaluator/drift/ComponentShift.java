package org.millrace.evaluator.drift;

import java.util.Arrays;
import org.millrace.encoder.matrix.FeatureMatrix;
import org.millrace.encoder.matrix.Samples;

/**
 * How many of the features' components have shifted: Kolmogorov–Smirnov on each, of which Benjamini and Hochberg's procedure (1995)
 * takes as many as keep the expected share of false ones under {@code rate}.
 *
 * @param shifted components that count as shifted
 * @param components D
 * @param leastPValue the smallest of the components' p-values, times D, at most 1: of the hypothesis that none has shifted
 */
record ComponentShift(int shifted, int components, double leastPValue) {
    static ComponentShift between(FeatureMatrix reference, FeatureMatrix window, double rate) {
        Samples.require(reference, 1, "the shift of components");
        Samples.require(window, 1, "the shift of components");
        Samples.requireSameWidth(reference, window, "the shift of components");
        int d = reference.columns();
        double[] p = new double[d];
        for (int column = 0; column < d; column++) {
            p[column] = KolmogorovSmirnov.between(column(reference, column), column(window, column))
                    .stephensPValue();
        }
        Arrays.sort(p);
        int shifted = 0;
        for (int i = 0; i < d; i++) {
            if (p[i] <= rate * (i + 1) / d) {
                shifted = i + 1;
            }
        }
        return new ComponentShift(shifted, d, Math.min(1, p[0] * d));
    }

    /** In [0, 1]. */
    double share() {
        return (double) shifted / components;
    }

    private static double[] column(FeatureMatrix matrix, int column) {
        double[] values = new double[matrix.rows()];
        for (int row = 0; row < values.length; row++) {
            values[row] = matrix.values()[row * matrix.columns() + column];
        }
        return values;
    }
}

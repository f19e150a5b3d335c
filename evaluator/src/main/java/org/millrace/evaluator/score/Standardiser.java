package org.millrace.evaluator.score;

import org.millrace.numerics.FeatureMatrix;

/** Shifts and scales each column to mean 0 and variance 1 over the rows it was fitted on; a constant column becomes 0. */
final class Standardiser {
    /** A column whose spread is this small beside its mean is rounding noise around a constant. */
    private static final double CONSTANT = 1e-9;

    private final double[] means;
    private final double[] scales;

    private Standardiser(double[] means, double[] scales) {
        this.means = means;
        this.scales = scales;
    }

    static Standardiser fit(FeatureMatrix features) {
        int columns = features.columns();
        double[] x = features.values();
        double[] means = new double[columns];
        for (int i = 0; i < x.length; i += columns) {
            for (int d = 0; d < columns; d++) {
                means[d] += x[i + d] / features.rows();
            }
        }
        double[] variances = new double[columns];
        for (int i = 0; i < x.length; i += columns) {
            for (int d = 0; d < columns; d++) {
                double difference = x[i + d] - means[d];
                variances[d] += difference * difference / features.rows();
            }
        }
        double[] scales = new double[columns];
        for (int d = 0; d < columns; d++) {
            double deviation = Math.sqrt(variances[d]);
            scales[d] = deviation > CONSTANT * Math.abs(means[d]) ? 1 / deviation : 0;
        }
        return new Standardiser(means, scales);
    }

    FeatureMatrix apply(FeatureMatrix features) {
        int columns = features.columns();
        double[] result = features.values().clone();
        for (int i = 0; i < result.length; i += columns) {
            for (int d = 0; d < columns; d++) {
                result[i + d] = (result[i + d] - means[d]) * scales[d];
            }
        }
        return new FeatureMatrix(features.rows(), columns, result);
    }

    LabelledFeatures apply(LabelledFeatures examples) {
        return new LabelledFeatures(apply(examples.features()), examples.labels());
    }
}

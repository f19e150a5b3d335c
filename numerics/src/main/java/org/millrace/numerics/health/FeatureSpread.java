package org.millrace.numerics.health;

import java.util.Arrays;
import org.millrace.numerics.Centred;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Rows;
import org.millrace.numerics.Samples;

/**
 * Standard deviation of each dimension over the rows: of unit rows a measure of collapse, 1/√D where the directions are spread
 * evenly and 0 where all rows are the same (SimSiam, Chen and He 2021, §4.1).
 */
final class FeatureSpread {
    private final double[] variances; // D, unbiased

    private FeatureSpread(FeatureMatrix features) {
        Samples.require(features, 2, "the spread");
        this.variances = variances(features);
    }

    /** Of the features as they are. */
    static FeatureSpread of(FeatureMatrix features) {
        return new FeatureSpread(features);
    }

    /** Of the features divided by their lengths. */
    static FeatureSpread ofUnitRows(FeatureMatrix features) {
        return of(Rows.unit(features));
    }

    private static double[] variances(FeatureMatrix features) {
        Centred centred = Centred.of(features);
        int columns = features.columns();
        double[] variances = new double[columns];
        if (centred.isConstant()) {
            return variances;
        }
        double[] values = centred.matrix().data;
        for (int i = 0; i < values.length; i++) {
            variances[i % columns] += values[i] * values[i] / (features.rows() - 1);
        }
        return variances;
    }

    /** Standard deviation of each dimension, D values, from unbiased variances (N − 1). */
    double[] perDimension() {
        return Arrays.stream(variances).map(Math::sqrt).toArray();
    }

    /** Mean of the dimensions' deviations. */
    double mean() {
        return Arrays.stream(perDimension()).average().orElseThrow();
    }
}

package org.millrace.numerics.health;

import java.util.Arrays;
import org.millrace.numerics.Centred;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Rows;
import org.millrace.numerics.Samples;

/**
 * Standard deviation of each dimension over the rows: of unit rows it tells collapse, with 1/√D where the directions are spread
 * evenly and 0 where all rows are the same (SimSiam, Chen and He 2021, §4.1).
 */
final class FeatureSpread {
    private final double[] variances; // D, unbiased
    private final int rows;

    private FeatureSpread(FeatureMatrix features) {
        Samples.require(features, 2, "the spread");
        this.rows = features.rows();
        this.variances = variances(features);
    }

    /** Of the features as they are. */
    static FeatureSpread of(FeatureMatrix features) {
        return new FeatureSpread(features);
    }

    /** Of the features divided by their lengths. */
    static FeatureSpread ofUnitRows(FeatureMatrix features) {
        return new FeatureSpread(Rows.unit(features));
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

    double[] perDimension() {
        return Arrays.stream(variances).map(Math::sqrt).toArray();
    }

    /** Mean of the dimensions' deviations, from unbiased variances (N − 1). */
    double mean() {
        return Arrays.stream(variances).map(Math::sqrt).average().orElseThrow();
    }

    /** The same from variances over N. */
    double meanBiased() {
        return mean() * Math.sqrt((rows - 1.0) / rows);
    }

    /** How far the mean lies under 1/√D, in [0, 1]: 0 is healthy, 1 collapsed. For unit rows. */
    double collapseLevel() {
        return Math.max(0, 1 - Math.sqrt(variances.length) * mean());
    }

    /** VICReg's hinge: mean of max(0, 1 − √(variance + ε)) (Bardes et al. 2022, eqs. 1–2). For rows as they are. */
    double varianceHinge(double epsilon) {
        return Arrays.stream(variances)
                .map(variance -> Math.max(0, 1 - Math.sqrt(variance + epsilon)))
                .average()
                .orElseThrow();
    }
}

package org.millrace.numerics.health;

import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Rows;
import org.millrace.numerics.Samples;

/** The two properties of unit features that contrastive learning optimises (Wang and Isola 2020); rows are divided by their lengths. */
final class AlignmentUniformity {
    /** t of the uniformity as it is reported. */
    static final double TEMPERATURE = 2;

    private AlignmentUniformity() {}

    /** Mean of ‖x − y‖^α over pairs of views, row by row; 0 is perfect. */
    static double alignment(FeatureMatrix x, FeatureMatrix y, double exponent) {
        Samples.requirePaired(x, y, 1, "alignment");
        Samples.requireSameWidth(x, y, "alignment");
        FeatureMatrix unitX = Rows.unit(x);
        FeatureMatrix unitY = Rows.unit(y);
        double sum = 0;
        for (int row = 0; row < x.rows(); row++) {
            sum += Math.pow(Rows.squaredDistance(unitX, row, unitY, row), exponent / 2);
        }
        return sum / x.rows();
    }

    /** log of the mean of exp(−t‖x_i − x_j‖²) over the pairs i < j; 0 is collapsed, lower is more uniform. Takes N²D/2 steps. */
    static double uniformity(FeatureMatrix x, double t) {
        Samples.require(x, 2, "uniformity");
        FeatureMatrix unit = Rows.unit(x);
        int rows = x.rows();
        double sum = 0;
        for (int i = 1; i < rows; i++) {
            for (int j = 0; j < i; j++) {
                sum += Math.exp(-t * Rows.squaredDistance(unit, i, unit, j));
            }
        }
        return Math.log(sum / (rows * (rows - 1.0) / 2));
    }
}

package org.millrace.evaluator.drift.detector;

import java.util.Locale;
import java.util.Optional;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Rows;

/**
 * Whether features can be a reference. Those of a frozen camera picture, or of darkness, cannot: where most pairs of images have
 * the same features, any other image is infinitely far away.
 */
public final class Usability {
    private static final int ROWS = 512;
    /** Of a feature vector's length: what float32 arithmetic in batches of different size leaves between features of one image. */
    private static final double ROUNDING = 1e-5;

    private Usability() {}

    /** Why these finite rows cannot be a reference; empty where they can. */
    public static Optional<String> problem(FeatureMatrix features) {
        FeatureMatrix rows = features.first(Math.min(ROWS, features.rows()));
        double squares = 0;
        for (int row = 0; row < rows.rows(); row++) {
            squares += Rows.dot(rows, row, rows, row);
        }
        double length = Math.sqrt(squares / rows.rows());
        double median = RbfKernel.medianDistance(rows);
        return median > ROUNDING * length
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "more than half of the pairs of its images look the same to the encoder (median distance %.1e at a length"
                                + " of %.1e): a frozen camera picture, or darkness",
                        median,
                        length));
    }
}

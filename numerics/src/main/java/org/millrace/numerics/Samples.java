package org.millrace.numerics;

import static org.millrace.contract.Check.check;

/** Requirements that every measure has of its features. */
public final class Samples {
    private Samples() {}

    /** Throws {@link IllegalArgumentException} where there are fewer rows than the measure needs, or a value is NaN or infinite. */
    public static void require(FeatureMatrix features, int leastRows, String measure) {
        check(
                features.rows() >= leastRows,
                "not enough features for %s: it needs at least %d rows, but got %d",
                measure,
                leastRows,
                features.rows());
        check(features.isFinite(), "%s: features must be finite, but some are NaN or infinite", measure);
    }

    /** The same for two matrices whose rows are the same images, one by one. */
    public static void requirePaired(FeatureMatrix x, FeatureMatrix y, int leastRows, String measure) {
        check(
                x.rows() == y.rows(),
                "%s compares the same images row by row, but got %d rows and %d",
                measure,
                x.rows(),
                y.rows());
        require(x, leastRows, measure);
        require(y, leastRows, measure);
    }

    /** Throws where the matrices are not equally wide. */
    public static void requireSameWidth(FeatureMatrix x, FeatureMatrix y, String measure) {
        check(
                x.columns() == y.columns(),
                "%s compares equally wide features, but got %d columns and %d",
                measure,
                x.columns(),
                y.columns());
    }
}

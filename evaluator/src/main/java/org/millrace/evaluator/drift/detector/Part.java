package org.millrace.evaluator.drift.detector;

import org.millrace.numerics.FeatureMatrix;

/** Rows of a reference that stand for a window without drift. Immutable; the arrays must not be changed. */
final class Part {
    private final int[] chosen;
    private final FeatureMatrix rows;
    private final FeatureMatrix others;
    private final long draw;

    /** @param others as many rows of the reference as are chosen, and none of these */
    Part(FeatureMatrix reference, int[] chosen, int[] others, long draw) {
        this.chosen = chosen;
        this.rows = reference.select(chosen);
        this.others = reference.select(others);
        this.draw = draw;
    }

    /** Their numbers in the reference. */
    int[] chosen() {
        return chosen;
    }

    FeatureMatrix rows() {
        return rows;
    }

    FeatureMatrix others() {
        return others;
    }

    /** Number of the draw. */
    long draw() {
        return draw;
    }
}

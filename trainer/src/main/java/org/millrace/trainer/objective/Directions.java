package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;

/** How alike the directions of rows and of other rows are. */
public final class Directions {
    private Directions() {}

    /** Cosine of each row with the other's, in [−1, 1]. N×D each → N. */
    public static NDArray cosines(NDArray rows, NDArray others) {
        return InfoNce.unit(rows).mul(InfoNce.unit(others)).sum(new int[] {1});
    }

    /**
     * The same, both seen from their mean over the rows. Features after a ReLU and an average are positive, so that without this any two
     * images point nearly the same way. N×D each → N.
     */
    public static NDArray cosinesFromMean(NDArray rows, NDArray others) {
        return cosines(centred(rows), centred(others));
    }

    private static NDArray centred(NDArray rows) {
        return rows.sub(rows.mean(new int[] {0}, true));
    }
}

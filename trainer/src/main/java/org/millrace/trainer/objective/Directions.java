package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;

/** How far rows point away from other rows. */
public final class Directions {
    private static final double SMALLEST = 1e-12; // length

    private Directions() {}

    /** 1 − cos of each row with the other's, in [0, 2]. N×D each → N. */
    public static NDArray distances(NDArray rows, NDArray others) {
        NDArray cosine = unit(rows).mul(unit(others)).sum(new int[] {1}); // N
        return cosine.neg().add(1);
    }

    /**
     * The same, both seen from their mean over the rows. Features after a ReLU and an average are positive, so that without this any two
     * images point nearly the same way. N×D each → N.
     */
    public static NDArray distancesFromMean(NDArray rows, NDArray others) {
        return distances(centred(rows), centred(others));
    }

    private static NDArray centred(NDArray rows) {
        return rows.sub(rows.mean(new int[] {0}, true));
    }

    private static NDArray unit(NDArray rows) {
        return rows.normalize(2, 1, SMALLEST);
    }
}

package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import java.util.Optional;

/**
 * What an objective's networks made of a batch's views: unit rows without gradient, N×C each, in the step's scope.
 *
 * @param first of one view of each image
 * @param second of the other; absent where the objective projects one view only
 */
public record Projections(NDArray first, Optional<NDArray> second) {
    /** Of raw rows. */
    static Projections of(NDArray first, NDArray second) {
        return new Projections(constant(first), Optional.of(constant(second)));
    }

    /** A unit row for each image, the direction between its views' projections; N×C. */
    public NDArray between() {
        return second.map(other -> InfoNce.unit(first.add(other))).orElse(first);
    }

    private static NDArray constant(NDArray rows) {
        return InfoNce.unit(rows.stopGradient());
    }
}

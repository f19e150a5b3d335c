package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.List;
import java.util.Optional;

/**
 * What an objective's networks made of a batch's views: unit rows without gradient, N×C each, in the step's scope.
 *
 * @param first of one view of each image
 * @param second of the other; absent where the objective projects one view only
 */
public record Projections(NDArray first, Optional<NDArray> second) {
    /** Of a batch, from those of its parts in batch order. */
    static Projections joined(List<Projections> parts) {
        List<NDArray> seconds =
                parts.stream().flatMap(part -> part.second().stream()).toList();
        return new Projections(
                joinedRows(parts.stream().map(Projections::first).toList()),
                seconds.isEmpty() ? Optional.empty() : Optional.of(joinedRows(seconds)));
    }

    private static NDArray joinedRows(List<NDArray> parts) {
        return NDArrays.concat(new NDList(parts), 0);
    }

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

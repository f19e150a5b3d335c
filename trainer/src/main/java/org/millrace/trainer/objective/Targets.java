package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;

/**
 * Constants that a step's queries are compared with, such as the momentum encoder's keys; in the step's scope.
 *
 * @param rows N×C each, in the order of the views that they come from; none where the gradient flows into all views
 */
public record Targets(List<NDArray> rows) {
    static final Targets NONE = new Targets(List.of());

    public Targets {
        rows = List.copyOf(rows);
    }

    /** Those of part {@code index} of {@code parts} equal ones of the batch; in {@code scope}. */
    public Targets part(int index, int parts, NDManager scope) {
        return new Targets(
                rows.stream().map(all -> Batch.part(all, index, parts, scope)).toList());
    }

    static Targets of(NDArray... rows) {
        return new Targets(List.of(rows));
    }
}

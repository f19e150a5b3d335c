package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What an objective makes of a batch; in the step's scope.
 *
 * @param value mean over the batch, as the paper defines it; a scalar with its gradient's way back to the query's weights
 * @param accuracy share of queries nearer to their own key than to any negative; NaN where there are no negatives
 * @param losses of the images, one by one: N, or 2N view after view, for each direction; their sum is an image's loss up to a constant
 *     factor. None where the objective has no loss of a single image
 * @param keys unit rows to remember, where the objective has a memory: N×C, or 2N×C for a symmetric one
 */
public record Loss(
        NDArray value, double accuracy, List<NDArray> losses, Optional<NDArray> keys, Projections projections) {
    /**
     * Of a batch, from those of its equal parts in batch order: means of value and accuracy; keys view by view, as of a batch computed
     * whole.
     *
     * @param scope owner of the result
     */
    public static Loss joined(List<Loss> parts, NDManager scope) {
        double value = 0;
        double accuracy = 0;
        for (Loss part : parts) {
            value += part.value().getFloat() / parts.size();
            accuracy += part.accuracy() / parts.size();
        }
        Projections projections =
                Projections.joined(parts.stream().map(Loss::projections).toList());
        List<NDArray> keys =
                parts.stream().flatMap(part -> part.keys().stream()).toList();
        return new Loss(
                scope.create((float) value),
                accuracy,
                joinedLosses(parts),
                keys.isEmpty() ? Optional.empty() : Optional.of(joinedKeys(keys, projections.first())),
                projections);
    }

    // parts: V·n×C each, view after view → V·N×C, view after view; of the batch: N×C
    private static NDArray joinedKeys(List<NDArray> parts, NDArray ofBatch) {
        long images = ofBatch.getShape().get(0) / parts.size(); // n
        long dimension = ofBatch.getShape().get(1); // C
        NDList byView = new NDList();
        parts.forEach(rows -> byView.add(rows.reshape(-1, images, dimension))); // V×n×C
        return NDArrays.concat(byView, 1).reshape(-1, dimension);
    }

    // the directions' losses in batch order; parts have n each, of objectives whose losses are one for each image and
    // direction
    private static List<NDArray> joinedLosses(List<Loss> parts) {
        List<NDArray> losses = new ArrayList<>();
        for (int direction = 0; direction < parts.get(0).losses().size(); direction++) {
            NDList ofParts = new NDList();
            for (Loss part : parts) {
                ofParts.add(part.losses().get(direction));
            }
            losses.add(NDArrays.concat(ofParts, 0));
        }
        return losses;
    }

    /** The loss of each image in batch order, up to a constant factor; empty where the objective has no loss of a single image. */
    public float[] ofImages() {
        float[] sums = new float
                [losses.isEmpty() ? 0 : (int) projections.first().getShape().get(0)];
        for (NDArray direction : losses) {
            float[] rows = direction.toFloatArray();
            for (int row = 0; row < rows.length; row++) {
                sums[row % sums.length] += rows[row];
            }
        }
        return sums;
    }

    /** The same, owned by another scope, so that it outlives the activations. */
    public Loss keptIn(NDManager scope) {
        value.attach(scope);
        losses.forEach(rows -> rows.attach(scope));
        keys.ifPresent(rows -> rows.attach(scope));
        projections.first().attach(scope);
        projections.second().ifPresent(rows -> rows.attach(scope));
        return this;
    }
}

package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import java.util.Optional;

/**
 * What an objective makes of a batch; in the step's scope.
 *
 * @param value mean over the batch, as the paper defines it; a scalar with its gradient's way back to the query's weights
 * @param accuracy share of queries nearer to their own key than to any negative; NaN where there are no negatives
 * @param keys unit rows to remember, where the objective has a memory: N×C, or 2N×C for a symmetric one
 */
public record Loss(NDArray value, double accuracy, Optional<NDArray> keys, Projections projections) {}

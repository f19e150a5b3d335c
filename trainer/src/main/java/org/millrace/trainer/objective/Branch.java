package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;

/** What query network and momentum encoder both compute, from views to rows. Immutable; the weights are passed in. */
interface Branch {
    void declare(WeightLayout layout);

    /** views: N×C×H×W → N×output, not yet unit length. */
    NDArray forward(NDArray views, Tensors weights, BatchNormMode mode);

    /** The same rows with the features that they come from; a branch without a head has its rows for features. */
    default Rows both(NDArray views, Tensors weights, BatchNormMode mode) {
        NDArray rows = forward(views, weights, mode);
        return new Rows(rows, rows);
    }

    /**
     * What becomes of views.
     *
     * @param features of the encoder, N×D
     * @param projections N×output, not yet unit length
     */
    record Rows(NDArray features, NDArray projections) {}
}

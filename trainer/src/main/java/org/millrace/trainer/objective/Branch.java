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
}

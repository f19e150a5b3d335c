package org.millrace.encoder.network;

import ai.djl.ndarray.NDArray;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.WeightSpec.Initial;

/**
 * The head through which AMDIM compares a map of local features with features of other scales (φ of Bachman et al. 2019, "rkhs" in the
 * official code): at every position by itself 1×1 → ReLU → 1×1 beside a shortcut, then batch norm. Immutable.
 *
 * <p>The second convolution begins at zero and the shortcut near the identity, so a fresh head passes its input on.
 *
 * @param prefix of the tensors' names
 * @param inputs channels of the map
 * @param outputs length D of the features compared
 */
public record LocalHead(String prefix, int inputs, int outputs) {
    public void declare(WeightLayout layout) {
        layout.convolution(prefix + "conv1", outputs, inputs, 1, Initial.UNIFORM_FAN_IN);
        layout.convolution(prefix + "conv2", outputs, outputs, 1, Initial.ZERO);
        layout.convolution(prefix + "shortcut", outputs, inputs, 1, Initial.NEAR_IDENTITY);
        layout.batchNorm(prefix + "bn", outputs);
    }

    /** map: N×inputs×H×W → N×outputs×H×W. */
    public NDArray forward(NDArray map, Tensors weights, BatchNormMode mode) {
        NDArray hidden = Layers.relu(Layers.convolution(map, weights, prefix + "conv1", 1, 0));
        NDArray y = Layers.convolution(hidden, weights, prefix + "conv2", 1, 0);
        y = y.addi(Layers.convolution(map, weights, prefix + "shortcut", 1, 0));
        return Layers.batchNorm(y, weights, prefix + "bn", mode);
    }
}

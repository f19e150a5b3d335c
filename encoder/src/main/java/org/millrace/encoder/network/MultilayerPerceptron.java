package org.millrace.encoder.network;

import ai.djl.ndarray.NDArray;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;

/**
 * Two linear layers with a ReLU between them: the projector of MoCo v2 and, with batch norm after the first layer, the projector and
 * predictor of BYOL. Immutable.
 *
 * @param prefix of the tensors' names, which follow a torch Sequential: {@code 0} the first layer, {@code 1} the batch norm, {@code 2}
 *     the last layer
 */
public record MultilayerPerceptron(String prefix, int inputs, int hidden, int outputs, boolean batchNorm) {
    public void declare(WeightLayout layout) {
        layout.linear(prefix + "0", hidden, inputs);
        if (batchNorm) {
            layout.batchNorm(prefix + "1", hidden);
        }
        layout.linear(prefix + "2", outputs, hidden);
    }

    /** x: N×inputs → N×outputs. */
    public NDArray forward(NDArray x, Tensors weights, boolean training) {
        NDArray y = Layers.linear(x, weights, prefix + "0");
        if (batchNorm) {
            y = Layers.batchNorm(y, weights, prefix + "1", training);
        }
        return Layers.linear(Layers.relu(y), weights, prefix + "2");
    }
}

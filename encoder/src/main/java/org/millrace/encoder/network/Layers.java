package org.millrace.encoder.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import org.millrace.encoder.tensor.Tensors;

/** The layers that the networks are made of, as functions. */
final class Layers {
    /** Share of the old running statistics that a batch keeps; PyTorch calls the rest (0.1) momentum. */
    private static final float BATCH_NORM_DECAY = 0.9f;

    static final float BATCH_NORM_EPSILON = 1e-5f;
    private static final Shape NO_DILATION = new Shape(1, 1);

    private Layers() {}

    // x: N×C×H×W → N×C'×H'×W'
    static NDArray convolution(NDArray x, Tensors weights, String name, int stride, int padding) {
        return Conv2d.conv2d(
                        x,
                        weights.get(name + ".weight"),
                        null,
                        new Shape(stride, stride),
                        new Shape(padding, padding),
                        NO_DILATION)
                .singletonOrThrow();
    }

    // x: N×C×… normalised over all but C; while training by the batch's statistics, which also move the running ones
    static NDArray batchNorm(NDArray x, Tensors weights, String name, boolean training) {
        return BatchNorm.batchNorm(
                        x,
                        weights.get(name + ".running_mean"),
                        weights.get(name + ".running_var"),
                        weights.get(name + ".weight"),
                        weights.get(name + ".bias"),
                        1,
                        BATCH_NORM_DECAY,
                        BATCH_NORM_EPSILON,
                        training)
                .singletonOrThrow();
    }

    // x: N×C → N×C'
    static NDArray linear(NDArray x, Tensors weights, String name) {
        return Linear.linear(x, weights.get(name + ".weight"), weights.get(name + ".bias"))
                .singletonOrThrow();
    }

    static NDArray relu(NDArray x) {
        return Activation.relu(x);
    }
}

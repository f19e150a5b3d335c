package org.millrace.encoder.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.pooling.Pool;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.WeightSpec.Initial;

/**
 * A block of AMDIM's encoder: layers that each add a residual to their input, without padding and without batch norm. Immutable.
 *
 * <p>The first layer sees size×size positions: its base is their mean, with channels of zeros behind where the block widens, its
 * residual a size×size and a 1×1 convolution with a ReLU between them. The other layers see one position each, so that the field of the
 * block stays the first layer's. The second convolutions begin at zero: a fresh block only pools (as the official code).
 *
 * @param prefix of the tensors' names
 * @param inputs channels, at most {@code outputs}
 * @param size of the first layer's kernel, each side
 * @param stride of the first layer
 * @param layers at least 1
 */
record ResidualBlock(String prefix, int inputs, int outputs, int size, int stride, int layers) {
    void declare(WeightLayout layout, String parent) {
        for (int layer = 0; layer < layers; layer++) {
            String name = parent + prefix + layer;
            int channels = layer == 0 ? inputs : outputs;
            layout.convolution(name + ".conv1", outputs, channels, layer == 0 ? size : 1, Initial.UNIFORM_FAN_IN);
            layout.convolution(name + ".conv2", outputs, outputs, 1, Initial.ZERO);
        }
    }

    /** x: N×inputs×H×W → N×outputs×H'×W' with H' = (H − size) / stride + 1. */
    NDArray forward(NDArray x, Tensors weights, String parent) {
        NDArray y = residual(x, weights, parent + prefix + 0, stride).addi(base(x));
        for (int layer = 1; layer < layers; layer++) {
            y = residual(y, weights, parent + prefix + layer, 1).addi(y);
        }
        return y;
    }

    private static NDArray residual(NDArray x, Tensors weights, String name, int stride) {
        NDArray hidden = Layers.relu(Layers.convolution(x, weights, name + ".conv1", stride, 0));
        return Layers.convolution(hidden, weights, name + ".conv2", 1, 0);
    }

    // means of size×size positions, and zeros for the channels that the input lacks
    private NDArray base(NDArray x) {
        NDArray mean = size == 1 ? x : pooled(x);
        if (inputs == outputs) {
            return mean;
        }
        Shape shape = mean.getShape();
        NDArray zeros = x.getManager()
                .zeros(new Shape(shape.get(0), shape.get(2), shape.get(3), outputs - inputs))
                .transpose(0, 3, 1, 2); // its channels lie together, as the convolutions' do
        return NDArrays.concat(new NDList(mean, zeros), 1);
    }

    private NDArray pooled(NDArray x) {
        return Pool.avgPool2d(x, new Shape(size, size), new Shape(stride, stride), new Shape(0, 0), false, false);
    }
}

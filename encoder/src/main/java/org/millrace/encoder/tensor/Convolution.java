package org.millrace.encoder.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.convolutional.Conv2d;
import org.jspecify.annotations.Nullable;

/** How two-dimensional convolutions are computed, gradients included. Implementations are stateless and thread safe. */
public interface Convolution {
    /** PyTorch's, which on a CPU are oneDNN's. */
    Convolution USUAL = new Convolution() {
        @Override
        public NDArray apply(NDArray x, NDArray kernel, @Nullable NDArray bias, int stride, int padding) {
            Shape strides = new Shape(stride, stride);
            return Conv2d.conv2d(x, kernel, bias, strides, new Shape(padding, padding), new Shape(1, 1))
                    .singletonOrThrow();
        }

        @Override
        public String words() {
            return "";
        }
    };

    /**
     * 1×1 kernels as a product of matrices, positions × channels; the others as usual. Images whose channels lie together, as ours do,
     * are not copied for it.
     */
    Convolution MATRIX_FOR_POINTS = new Convolution() {
        @Override
        public NDArray apply(NDArray x, NDArray kernel, @Nullable NDArray bias, int stride, int padding) {
            Shape shape = kernel.getShape(); // C'×C×K×K
            if (shape.get(2) != 1 || shape.get(3) != 1 || padding != 0) {
                return USUAL.apply(x, kernel, bias, stride, padding);
            }
            NDArray kept = stride == 1 ? x : x.get(new NDIndex(":, :, ::" + stride + ", ::" + stride));
            NDArray together = kept.transpose(0, 2, 3, 1); // N×H'×W'×C
            Shape positions = together.getShape();
            NDArray rows = together.reshape(-1, shape.get(1)); // NH'W'×C
            NDArray y = rows.matMul(kernel.reshape(shape.get(0), shape.get(1)).transpose()); // NH'W'×C'
            NDArray shifted = bias == null ? y : y.add(bias);
            return shifted.reshape(positions.get(0), positions.get(1), positions.get(2), shape.get(0))
                    .transpose(0, 3, 1, 2); // N×C'×H'×W'
        }

        @Override
        public String words() {
            return "1×1 convolutions as matrix products";
        }
    };

    /**
     * The convolution, without dilation or groups.
     *
     * @param x N×C×H×W
     * @param kernel C'×C×K×K
     * @param bias C', or null for none
     * @return N×C'×H'×W'
     */
    NDArray apply(NDArray x, NDArray kernel, @Nullable NDArray bias, int stride, int padding);

    /** What is other than usual, for people; empty where nothing is. */
    String words();
}

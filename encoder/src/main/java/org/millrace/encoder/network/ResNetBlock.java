package org.millrace.encoder.network;

import ai.djl.ndarray.NDArray;
import org.millrace.contract.config.EncoderConfig.Norm;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;

/**
 * A residual block of {@link ResNet}: two 3×3 convolutions, or a bottleneck of 1×1, 3×3 and 1×1, each normalised, added to a
 * shortcut. Immutable.
 *
 * @param name before its tensors' names, with the dot
 * @param inputs channels of its input
 * @param channels of its 3×3 convolutions
 * @param outputs channels of its output
 * @param stride of its first 3×3 convolution and of its shortcut
 */
public record ResNetBlock(
        String name, int inputs, int channels, int outputs, int stride, boolean bottleneck, Norm norm) {
    /** Whether the shortcut is a normalised 1×1 convolution, {@code downsample}, instead of the input itself. */
    public boolean changesShape() {
        return stride != 1 || inputs != outputs;
    }

    void declare(WeightLayout layout, String prefix) {
        String block = prefix + name;
        if (bottleneck) {
            layout.convolution(block + "conv1", channels, inputs, 1);
            Layers.declareNorm(norm, layout, block + "bn1", channels);
            layout.convolution(block + "conv2", channels, channels, 3);
            Layers.declareNorm(norm, layout, block + "bn2", channels);
            layout.convolution(block + "conv3", outputs, channels, 1);
            Layers.declareNorm(norm, layout, block + "bn3", outputs);
        } else {
            layout.convolution(block + "conv1", channels, inputs, 3);
            Layers.declareNorm(norm, layout, block + "bn1", channels);
            layout.convolution(block + "conv2", outputs, channels, 3);
            Layers.declareNorm(norm, layout, block + "bn2", outputs);
        }
        if (changesShape()) {
            layout.convolution(block + "downsample.0", outputs, inputs, 1);
            Layers.declareNorm(norm, layout, block + "downsample.1", outputs);
        }
    }

    /** x: N×inputs×H×W → N×outputs×H/stride×W/stride, rounded up. */
    NDArray forward(NDArray x, Tensors weights, String prefix, BatchNormMode mode) {
        String block = prefix + name;
        NDArray y;
        if (bottleneck) {
            y = Layers.convolution(x, weights, block + "conv1", 1, 0);
            y = Layers.relu(Layers.norm(norm, y, weights, block + "bn1", mode));
            y = Layers.convolution(y, weights, block + "conv2", stride, 1);
            y = Layers.relu(Layers.norm(norm, y, weights, block + "bn2", mode));
            y = Layers.convolution(y, weights, block + "conv3", 1, 0);
            y = Layers.norm(norm, y, weights, block + "bn3", mode);
        } else {
            y = Layers.convolution(x, weights, block + "conv1", stride, 1);
            y = Layers.relu(Layers.norm(norm, y, weights, block + "bn1", mode));
            y = Layers.convolution(y, weights, block + "conv2", 1, 1);
            y = Layers.norm(norm, y, weights, block + "bn2", mode);
        }
        NDArray shortcut = x;
        if (changesShape()) {
            shortcut = Layers.convolution(x, weights, block + "downsample.0", stride, 0);
            shortcut = Layers.norm(norm, shortcut, weights, block + "downsample.1", mode);
        }
        return Layers.relu(Layers.sum(y, shortcut));
    }
}

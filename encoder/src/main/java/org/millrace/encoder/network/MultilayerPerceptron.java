package org.millrace.encoder.network;

import static org.millrace.contract.Check.check;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;

/**
 * Linear layers with a ReLU between them, and batch norm after them where asked for: every projector and predictor. Immutable.
 *
 * @param prefix of the tensors' names, which count as a torch Sequential does: linear, batch norm (if there is one), ReLU, …
 * @param widths of the input, of each hidden layer, and of the output: at least two
 * @param hiddenNorm after each hidden layer
 * @param lastNorm after the last layer
 */
public record MultilayerPerceptron(String prefix, List<Integer> widths, Norm hiddenNorm, Norm lastNorm) {
    /** Batch norm after a linear layer. The layer keeps its bias, which batch norm takes out again. */
    public enum Norm {
        NONE,
        /** With scale and shift. */
        AFFINE,
        /** Without scale and shift (MoCo v3's last layer). */
        PLAIN
    }

    public MultilayerPerceptron {
        check(widths.size() >= 2, "a perceptron must have an input and an output, but its widths were %s", widths);
        widths = List.copyOf(widths);
    }

    public void declare(WeightLayout layout) {
        int index = 0;
        for (int layer = 0; layer < layers(); layer++) {
            layout.linear(prefix + index, widths.get(layer + 1), widths.get(layer));
            index++;
            switch (norm(layer)) {
                case NONE -> {}
                case AFFINE -> layout.batchNorm(prefix + index++, widths.get(layer + 1));
                case PLAIN -> layout.plainBatchNorm(prefix + index++, widths.get(layer + 1));
            }
            index++; // ReLU
        }
    }

    /** x: N×inputs → N×outputs. */
    public NDArray forward(NDArray x, Tensors weights, BatchNormMode mode) {
        NDArray y = x;
        int index = 0;
        for (int layer = 0; layer < layers(); layer++) {
            y = Layers.linear(y, weights, prefix + index);
            index++;
            if (norm(layer) != Norm.NONE) {
                y = Layers.batchNorm(y, weights, prefix + index, mode);
                index++;
            }
            if (layer < layers() - 1) {
                y = Layers.relu(y);
                index++;
            }
        }
        return y;
    }

    private int layers() {
        return widths.size() - 1;
    }

    private Norm norm(int layer) {
        return layer < layers() - 1 ? hiddenNorm : lastNorm;
    }
}

package org.millrace.encoder.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.LayerNorm;
import java.util.Optional;
import org.millrace.contract.config.EncoderConfig.Norm;
import org.millrace.contract.weights.LowRank;
import org.millrace.encoder.tensor.Gradients;
import org.millrace.encoder.tensor.Scaled;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;

/** The layers that the networks are made of, as functions. */
final class Layers {
    private Layers() {}

    // x: N×C×H×W → N×C'×H'×W'; with bias where the network declared one
    static NDArray convolution(NDArray x, Tensors weights, String name, int stride, int padding) {
        return weights.convolution()
                .apply(x, weights.get(name + ".weight"), weights.named().get(name + ".bias"), stride, padding);
    }

    // x: N×C×… normalised over all but C
    static NDArray batchNorm(NDArray x, Tensors weights, String name, BatchNormMode mode) {
        Shape channels = weights.get(name + ".running_mean").getShape();
        return BatchNormLayer.DEFAULT.forward(
                x,
                weights.get(name + ".running_mean"),
                weights.get(name + ".running_var"),
                weights.find(name + ".weight").orElseGet(() -> x.getManager().ones(channels)),
                weights.find(name + ".bias").orElseGet(() -> x.getManager().zeros(channels)),
                mode);
    }

    // x: N×C×H×W normalised as the network's specification says
    static NDArray norm(Norm norm, NDArray x, Tensors weights, String name, BatchNormMode mode) {
        return switch (norm) {
            case BATCH -> batchNorm(x, weights, name, mode);
            case GROUP ->
                GroupNormLayer.of((int) x.getShape().get(1))
                        .forward(x, weights.get(name + ".weight"), weights.get(name + ".bias"));
        };
    }

    // the tensors that norm needs
    static void declareNorm(Norm norm, WeightLayout layout, String name, int channels) {
        switch (norm) {
            case BATCH -> layout.batchNorm(name, channels);
            case GROUP -> layout.groupNorm(name, channels);
        }
    }

    // x: …×C, each row normalised over C
    static NDArray layerNorm(NDArray x, Tensors weights, String name, float epsilon) {
        NDArray scale = weights.get(name + ".weight");
        return LayerNorm.layerNorm(x, scale.getShape(), scale, weights.get(name + ".bias"), epsilon)
                .singletonOrThrow();
    }

    // x: …×C → …×C'; with what the layer's adapter adds, where it has one
    static NDArray linear(NDArray x, Tensors weights, String name) {
        NDArray y = Linear.linear(x, weights.get(name + ".weight"), weights.get(name + ".bias"))
                .singletonOrThrow();
        Optional<NDArray> down = weights.find(name + LowRank.DOWN); // r×C
        if (down.isEmpty()) {
            return y;
        }
        NDArray up = Scaled.times(weights.get(name + LowRank.UP), weights.adapterScale()); // C'×r
        NDArray narrow = Linear.linear(x, down.get()).singletonOrThrow(); // …×r
        return sum(y, Linear.linear(narrow, up).singletonOrThrow());
    }

    /** a + b, over a's memory where no gradient is recorded; where one is, autograd would copy it four times for that. */
    static NDArray sum(NDArray a, NDArray b) {
        return Gradients.areRecorded() ? a.add(b) : a.addi(b);
    }

    static NDArray relu(NDArray x) {
        return Activation.relu(x);
    }
}

package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.function.BiFunction;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.precision.ForwardPass;
import org.millrace.encoder.tensor.Gradients;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

/**
 * An encoder that no gradient reaches, as encoders are evaluated: batch norm uses running statistics, so an image's features do not depend
 * on its batch. Used by the trainer's thread; the owner closes it.
 */
public final class FixedEncoder implements AutoCloseable {
    private final BiFunction<NDArray, Tensors, NDArray> network;
    private final Weights weights;
    private final ForwardPass pass;

    /**
     * One whose weights are to be set.
     *
     * @param torch in the precision of the forward passes
     * @param seed of the weights until then
     */
    public FixedEncoder(Backbone network, Torch torch, long seed) {
        this(
                network.layout(),
                (views, tensors) -> network.forward(views, tensors, "", BatchNormMode.EVALUATION),
                torch,
                seed);
    }

    FixedEncoder(WeightLayout layout, BiFunction<NDArray, Tensors, NDArray> network, Torch torch, long seed) {
        this.network = network;
        this.pass = new ForwardPass(torch);
        this.weights = Weights.initialised(torch, layout, seed);
    }

    /** Its weights, which belong to this. */
    public Weights weights() {
        return weights;
    }

    /** Features, float32; the activations are freed before this returns. views: N×C×H×W → N×D, in {@code scope}. */
    public NDArray features(NDArray views, NDManager scope) {
        return Gradients.unrecorded(() -> {
            try (NDManager activations = scope.newSubManager()) {
                views.tempAttach(activations);
                var tensors = weights.tensors(activations);
                NDArray features = pass.of(() -> network.apply(views, tensors)); // N×D
                features.attach(scope);
                return features;
            }
        });
    }

    @Override
    public void close() {
        weights.close();
    }
}

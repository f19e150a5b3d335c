package org.millrace.trainer.optimiser;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.millrace.contract.config.OptimiserConfig;
import org.millrace.encoder.tensor.InPlace;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

/**
 * Stochastic gradient descent with momentum and weight decay, as PyTorch's: d ← g + λw; v ← μv + d; w ← w − ηv. Its state is the
 * velocity v of all parameters. Not thread safe; the owner closes it.
 */
public final class Sgd implements AutoCloseable {
    private final OptimiserConfig config;
    private final Weights weights;
    private final NDManager manager;
    private final NDArray velocity; // P

    public Sgd(Torch torch, OptimiserConfig config, Weights weights) {
        this.config = config;
        this.weights = weights;
        this.manager = torch.newManager();
        this.velocity = manager.zeros(weights.parameters().getShape());
    }

    /** Moves the parameters along their gradient and clears it. */
    public void step(double learningRate) {
        NDArray parameters = weights.parameters();
        try (NDArray gradient = weights.gradient();
                NDArray decay = parameters.mul((float) config.weightDecay())) {
            gradient.addi(decay); // d = g + λw
            velocity.muli((float) config.momentum()).addi(gradient); // v = μv + d
        }
        try (NDArray change = velocity.mul((float) learningRate)) {
            parameters.subi(change); // w = w − ηv
        }
        weights.zeroGradient();
    }

    public float[] velocity() {
        return velocity.toFloatArray();
    }

    /** Takes the state of another time; throws {@link IllegalArgumentException} on another length. */
    public void restore(float[] values) {
        InPlace.overwrite(velocity, values);
    }

    @Override
    public void close() {
        manager.close();
    }
}

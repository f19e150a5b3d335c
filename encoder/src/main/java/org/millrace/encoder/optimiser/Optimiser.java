package org.millrace.encoder.optimiser;

import java.util.List;
import org.millrace.contract.config.OptimiserConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

/** Moves weights by their gradient, with the state of its {@link OptimiserRule}. Not thread safe; the owner closes it. */
public abstract sealed class Optimiser implements AutoCloseable permits Sgd, Lars, Adam {
    private final List<StateTensor> state;

    /** @param state closed with this */
    Optimiser(StateTensor... state) {
        this.state = List.of(state);
    }

    /** By the rule that the configuration names, with fresh state. */
    public static Optimiser of(OptimiserConfig config, Torch torch, Weights weights) {
        return OptimiserRule.of(config).newOptimiser(torch, weights);
    }

    /**
     * Moves the parameters by their gradient and clears it.
     *
     * @param step from 1, without gaps
     */
    public abstract void step(long step, double learningRate);

    /** The state as named tensors, each as long as the parameters. */
    public final Safetensors state() {
        Safetensors.Builder file = new Safetensors.Builder();
        state.forEach(tensor -> tensor.save(file));
        return file.build();
    }

    /** Takes the state of another time; throws {@link IllegalArgumentException} on other names or lengths. */
    public final void restore(Safetensors saved) {
        state.forEach(tensor -> tensor.restore(saved));
    }

    @Override
    public final void close() {
        state.forEach(StateTensor::close);
    }
}

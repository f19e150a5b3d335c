package org.millrace.encoder.optimiser;

import org.millrace.contract.config.OptimiserConfig;
import org.millrace.encoder.tensor.Safetensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

/** Moves weights by their gradient, with the state of its {@link OptimiserRule}. Not thread safe; the owner closes it. */
public sealed interface Optimiser extends AutoCloseable permits Sgd, Lars, Adam {
    /** By the rule that the configuration names, with fresh state. */
    static Optimiser of(OptimiserConfig config, Torch torch, Weights weights) {
        return OptimiserRule.of(config).newOptimiser(torch, weights);
    }

    /**
     * Moves the parameters by their gradient and clears it.
     *
     * @param step from 1, without gaps
     */
    void step(long step, double learningRate);

    /** The state as named tensors, each as long as the parameters. */
    Safetensors state();

    /** Takes the state of another time; throws {@link IllegalArgumentException} on other names or lengths. */
    void restore(Safetensors state);

    @Override
    void close();
}

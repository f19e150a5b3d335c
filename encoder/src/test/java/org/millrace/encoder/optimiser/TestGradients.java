package org.millrace.encoder.optimiser;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import org.millrace.encoder.tensor.Weights;

/** Gradients of a test's choice, put where training puts them: by a backward pass. */
final class TestGradients {
    private TestGradients() {}

    /** Adds that gradient to the weights': the gradient of Σ w·g is g. */
    static void backward(Weights weights, float[] gradient) {
        try (NDManager manager = weights.parameters().getManager().newSubManager();
                GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray factor = manager.create(gradient);
            collector.backward(factor.mul(weights.parameters()).sum());
        }
    }
}

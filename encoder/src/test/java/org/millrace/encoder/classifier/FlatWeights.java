package org.millrace.encoder.classifier;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import org.millrace.encoder.TestEncoders;
import org.millrace.encoder.tensor.InPlace;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

/** Parameters with given values and given gradients. */
final class FlatWeights {
    private FlatWeights() {}

    /** Any layout of that many parameters serves: a descent sees only the flat tensor. */
    static Weights of(float[] values) {
        WeightLayout layout = new WeightLayout();
        layout.linear("w", 1, values.length - 1);
        Weights weights = Weights.initialised(TestEncoders.torch(), layout, 0).requireGradient();
        InPlace.overwrite(weights.parameters(), values);
        return weights;
    }

    /** Gives the parameters that gradient: the gradient of Σ w·g is g. */
    static void backward(Weights weights, float[] gradient) {
        try (NDManager manager = weights.parameters().getManager().newSubManager();
                GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray factor = manager.create(gradient);
            collector.backward(factor.mul(weights.parameters()).sum());
        }
    }
}

package org.millrace.trainer.optimiser;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.OptimiserConfig;
import org.millrace.encoder.tensor.InPlace;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;
import org.millrace.trainer.TestRuns;
import org.millrace.trainer.Vector;

final class OptimiserVectorsTest {
    private final Torch torch = TestRuns.torch();

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void sgd_referenceVector_sameWeightsAndVelocity(boolean nesterov) {
        Vector vector = Vector.load("sgd_momentum");
        float[] initial = vector.input("w");
        float[] gradients = vector.input("grad");
        OptimiserConfig config = config(
                "optimiser.nesterov=" + nesterov,
                "optimiser.momentum=" + vector.number("momentum"),
                "optimiser.weight-decay=" + vector.number("weight_decay"));
        String form = nesterov ? "nesterov" : "plain";
        try (Weights weights = weights(initial).requireGradient();
                Optimiser sgd = Optimiser.of(config, torch, weights)) {
            for (int step = 0; step < vector.number("steps"); step++) {
                int from = step * initial.length;
                backward(weights, Arrays.copyOfRange(gradients, from, from + initial.length));
                sgd.step(step + 1, vector.parameter("lr").path(step).asDouble());
                vector.checkAt(form + "_w", from, weights.parameters().toFloatArray());
                vector.checkAt(form + "_buffer", from, sgd.state().tensor("velocity", initial.length));
            }
        }
    }

    @Test
    void movingAverage_referenceVector_sameTwin() {
        Vector vector = Vector.load("moco_ema");
        int sizeA = vector.input("theta_k_a").length;
        int sizeB = vector.input("theta_k_b").length;
        var average = new MovingAverage(vector.number("m"));
        try (Weights twin = weights(joined(vector.input("theta_k_a"), vector.input("theta_k_b")))) {
            for (int step = 0; step < vector.number("steps"); step++) {
                float[] query = joined(
                        part(vector.input("theta_q_a"), step, sizeA), part(vector.input("theta_q_b"), step, sizeB));
                try (Weights weights = weights(query)) {
                    average.update(twin, weights);
                }
                float[] now = twin.parameters().toFloatArray();
                vector.checkAt("const_a", step * sizeA, Arrays.copyOfRange(now, 0, sizeA));
                vector.checkAt("const_b", step * sizeB, Arrays.copyOfRange(now, sizeA, sizeA + sizeB));
            }
        }
    }

    private static OptimiserConfig config(String... assignments) {
        return new ConfigLoader().assignments(List.of(assignments)).load().optimiser();
    }

    // any layout of that many parameters serves: optimiser and average see only the flat tensor
    private Weights weights(float[] values) {
        WeightLayout layout = new WeightLayout();
        layout.linear("w", 1, values.length - 1);
        Weights weights = Weights.initialised(torch, layout, 0);
        InPlace.overwrite(weights.parameters(), values);
        return weights;
    }

    // the gradient of Σ w·g is g
    private static void backward(Weights weights, float[] gradient) {
        try (NDManager manager = weights.parameters().getManager().newSubManager();
                GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray factor = manager.create(gradient);
            collector.backward(factor.mul(weights.parameters()).sum());
        }
    }

    private static float[] joined(float[] first, float[] second) {
        float[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    private static float[] part(float[] all, int index, int size) {
        return Arrays.copyOfRange(all, index * size, (index + 1) * size);
    }
}

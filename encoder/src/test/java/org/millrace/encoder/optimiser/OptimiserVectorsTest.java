package org.millrace.encoder.optimiser;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.OptimiserConfig;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.encoder.TestEncoders;
import org.millrace.encoder.tensor.InPlace;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

final class OptimiserVectorsTest {
    private final Torch torch = TestEncoders.torch();

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void sgd_referenceVector_sameWeightsAndVelocity(boolean nesterov) {
        ReferenceVector vector = ReferenceVector.load("sgd_momentum");
        float[] initial = vector.floats("w");
        float[] gradients = vector.floats("grad");
        OptimiserConfig config = config(
                "optimiser.nesterov=" + nesterov,
                "optimiser.momentum=" + vector.number("momentum"),
                "optimiser.weight-decay=" + vector.number("weight_decay"));
        String form = nesterov ? "nesterov" : "plain";
        try (Weights weights = weights(initial).requireGradient();
                Optimiser sgd = Optimiser.of(config, torch, weights)) {
            for (int step = 0; step < vector.number("steps"); step++) {
                int from = step * initial.length;
                TestGradients.backward(weights, Arrays.copyOfRange(gradients, from, from + initial.length));
                sgd.step(step + 1, vector.parameter("lr").path(step).asDouble());
                vector.checkAt(form + "_w", from, weights.parameters().toFloatArray());
                vector.checkAt(form + "_buffer", from, sgd.state().tensor("velocity", initial.length));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"lars_two_steps,inside", "lars_two_steps,outside", "lars_strong,inside", "lars_strong,outside"})
    void lars_referenceVector_sameWeightsVelocityAndTrustRatios(String name, String form) {
        ReferenceVector vector = ReferenceVector.load(name);
        LaidOut tensors = new LaidOut(vector);
        OptimiserConfig config = config(
                "optimiser.method=lars",
                "optimiser.lars-form=" + form,
                "optimiser.trust=" + vector.number("trust"),
                "optimiser.momentum=" + vector.number("momentum"),
                "optimiser.weight-decay=" + vector.number("weight_decay"));
        try (Weights weights = tensors.weights(torch);
                Lars lars = (Lars) Optimiser.of(config, torch, weights)) {
            for (int step = 0; step < vector.parameter("lr").size(); step++) {
                TestGradients.backward(weights, tensors.gradient(step));
                lars.step(step + 1, vector.parameter("lr").path(step).asDouble());
                float[] now = weights.parameters().toFloatArray();
                float[] velocity = lars.state().tensor("velocity", now.length);
                for (LaidOut.Place place : tensors.places()) {
                    String output = "lr_" + form + "_" + place.name();
                    vector.checkAt(output + "_after_steps", step * place.size(), place.of(now));
                    vector.checkAt(output + "_momentum_buffer", step * place.size(), place.of(velocity));
                    if (place.adapted()) {
                        vector.checkAt(output + "_trust_ratio", step, (float) lars.ratios()[place.layer()]);
                    }
                }
            }
        }
    }

    private static OptimiserConfig config(String... assignments) {
        return new ConfigLoader().assignments(List.of(assignments)).load().optimiser();
    }

    // any layout of that many parameters serves: this optimiser sees only the flat tensor
    private Weights weights(float[] values) {
        WeightLayout layout = new WeightLayout();
        layout.linear("w", 1, values.length - 1);
        Weights weights = Weights.initialised(torch, layout, 0);
        InPlace.overwrite(weights.parameters(), values);
        return weights;
    }
}

package org.millrace.encoder.classifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.event.Json;
import org.millrace.encoder.TestEncoders;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

final class DescentTest {
    private final Torch torch = TestEncoders.torch();

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void momentum_referenceVector_sameWeightsAndVelocity(boolean nesterov) throws IOException {
        JsonNode vector;
        try (var in = Objects.requireNonNull(getClass().getResourceAsStream("/vectors/sgd_momentum.json"))) {
            vector = Json.read(in.readAllBytes(), JsonNode.class);
        }
        float[] initial = floats(vector.at("/inputs/w/data"));
        float[] gradients = floats(vector.at("/inputs/grad/data"));
        JsonNode settings = vector.path("params");
        Momentum rule = new Momentum(
                settings.path("momentum").asDouble(),
                settings.path("weight_decay").asDouble(),
                nesterov);
        String name = nesterov ? "nesterov" : "plain";
        Torch.forwardOnly();
        try (Weights weights = FlatWeights.of(initial);
                Momentum.Velocity state = rule.newState(torch, weights)) {
            for (int step = 0; step < settings.path("steps").asInt(); step++) {
                int from = step * initial.length;
                FlatWeights.backward(weights, Arrays.copyOfRange(gradients, from, from + initial.length));
                state.step(settings.path("lr").path(step).asDouble());
                check(vector, name + "_w", from, weights.parameters().toFloatArray());
                check(vector, name + "_buffer", from, state.velocity());
            }
        }
    }

    @Test
    void adam_randomGradients_asThePaperStepByStep() {
        long seed = 51;
        System.out.println("seed " + seed);
        RandomGenerator random = CounterRandom.of(seed, 0, CounterRandom.Purpose.PROBE, 0);
        Adam rule = new Adam(0.8, 0.999, 1e-8, 0.01);
        double rate = 0.05;
        double[] w = random.doubles(7, -1, 1).toArray();
        double[] m = new double[7];
        double[] v = new double[7];
        Torch.forwardOnly();
        try (Weights weights = FlatWeights.of(floats(w));
                Adam.Moments state = rule.newState(torch, weights)) {
            for (int t = 1; t <= 6; t++) {
                double[] gradient = random.doubles(7, -3, 3).toArray();
                FlatWeights.backward(weights, floats(gradient));
                state.step(rate);
                float[] actual = weights.parameters().toFloatArray();
                for (int i = 0; i < 7; i++) {
                    double g = gradient[i] + rule.weightDecay() * w[i];
                    m[i] = rule.beta1() * m[i] + (1 - rule.beta1()) * g;
                    v[i] = rule.beta2() * v[i] + (1 - rule.beta2()) * g * g;
                    double mHat = m[i] / (1 - Math.pow(rule.beta1(), t));
                    double vHat = v[i] / (1 - Math.pow(rule.beta2(), t));
                    w[i] -= rate * mHat / (Math.sqrt(vHat) + rule.epsilon());
                    assertThat((double) actual[i]).as("step %d, w[%d]", t, i).isCloseTo(w[i], within(2e-6));
                }
            }
        }
    }

    private static void check(JsonNode vector, String output, int from, float[] actual) {
        JsonNode expected = vector.path("expected").path(output).path("data");
        double absolute = vector.path("tolerance")
                .path("float32_abs_per_output")
                .path(output)
                .asDouble();
        double relative = vector.path("tolerance").path("float32_rel").asDouble();
        assertThat(absolute).isPositive();
        assertThat(expected.size()).isGreaterThanOrEqualTo(from + actual.length);
        for (int i = 0; i < actual.length; i++) {
            double wanted = expected.path(from + i).asDouble();
            assertThat((double) actual[i])
                    .as("%s[%d]", output, from + i)
                    .isCloseTo(wanted, within(absolute + relative * Math.abs(wanted)));
        }
    }

    private static float[] floats(JsonNode data) {
        float[] values = new float[data.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) data.path(i).asDouble();
        }
        return values;
    }

    private static float[] floats(double[] data) {
        float[] values = new float[data.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) data[i];
        }
        return values;
    }
}

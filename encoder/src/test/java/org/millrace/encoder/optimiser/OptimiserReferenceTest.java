package org.millrace.encoder.optimiser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.OptimiserConfig;
import org.millrace.encoder.TestEncoders;
import org.millrace.encoder.optimiser.OptimiserRule.Decay;
import org.millrace.encoder.tensor.InPlace;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.WeightSpec.Initial;
import org.millrace.encoder.tensor.Weights;

/** Adam and clipping against slow references in double, over several steps at a changing rate, on random data. */
final class OptimiserReferenceTest {
    private static final int STEPS = 12;
    private static final int OUTPUTS = 7;
    private static final int INPUTS = 30;
    private static final double RELATIVE = 1e-5;
    private static final double ABSOLUTE = 1e-6;

    private final Torch torch = TestEncoders.torch();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "optimiser.beta1=0.8,optimiser.beta2=0.99,optimiser.weight-decay=0.1",
                "optimiser.beta1=0,optimiser.epsilon=0.01,optimiser.weight-decay=0",
                "optimiser.clip-value=0.5",
                "optimiser.clip-norm=3",
                "optimiser.clip-value=0.5,optimiser.clip-norm=3"
            })
    void adamw_randomGradients_sameAsReference(String settings) {
        OptimiserConfig config = config("optimiser.method=adamw", settings);
        compare(OptimiserRule.of(config), config, new SlowAdam(config, Decay.DECOUPLED));
    }

    @Test
    void adam_decayInTheGradient_sameAsReference() {
        OptimiserConfig config = config("optimiser.method=adamw", "optimiser.beta1=0.8,optimiser.weight-decay=0.1");
        OptimiserRule rule = OptimiserRule.adam(config.beta1(), config.beta2(), config.epsilon(), config.weightDecay());
        compare(rule, config, new SlowAdam(config, Decay.IN_GRADIENT));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "optimiser.clip-value=0.5",
                "optimiser.clip-norm=3",
                "optimiser.clip-norm=1e6",
                "optimiser.clip-value=0.5,optimiser.clip-norm=3,optimiser.nesterov=true"
            })
    void sgd_clippedRandomGradients_sameAsReference(String settings) {
        OptimiserConfig config = config("optimiser.method=sgd", settings);
        compare(OptimiserRule.of(config), config, new SlowSgd(config));
    }

    @ParameterizedTest
    @ValueSource(strings = {"sgd", "lars", "adamw"})
    void step_infiniteComponentClippedByValue_movesByTheBound(String method) {
        OptimiserConfig bounded = config("optimiser.method=" + method, "optimiser.clip-value=0.5");
        float[] infinite = new float[OUTPUTS * INPUTS + OUTPUTS];
        infinite[0] = Float.POSITIVE_INFINITY;
        infinite[1] = Float.NEGATIVE_INFINITY;
        float[] bounds = new float[infinite.length];
        bounds[0] = 0.5f;
        bounds[1] = -0.5f;
        assertThat(afterOneStep(bounded, infinite)).isEqualTo(afterOneStep(bounded, bounds));
    }

    /** Without a gradient only the decay moves a weight: kernels by 1 − ηλ, the others not at all. */
    @ParameterizedTest
    @ValueSource(strings = {"sgd", "adamw"})
    void step_decayOnKernels_biasesNormsAndTokensStay(String method) {
        OptimiserConfig config =
                config("optimiser.method=" + method, "optimiser.weight-decay=0.5,optimiser.decay-on=kernels");
        WeightLayout layout = new WeightLayout();
        layout.parameter("token", new Shape(1, 1, 3), Initial.ONE);
        layout.parameter("first", new Shape(2, 3), Initial.ONE);
        layout.parameter("second", new Shape(2, 1, 2, 2), Initial.ONE);
        layout.layerNorm("norm", 2);
        layout.parameter("third", new Shape(1, 2), Initial.ONE);
        try (Weights weights = Weights.initialised(torch, layout, 1).requireGradient();
                Optimiser optimiser = Optimiser.of(config, torch, weights)) {
            TestGradients.backward(weights, new float[layout.parameterCount()]);
            optimiser.step(1, 0.1);
            float[] expected = new float[layout.parameterCount()];
            Arrays.fill(expected, 1);
            Arrays.fill(expected, 3, 3 + 6 + 8, 0.95f);
            Arrays.fill(expected, 19, 21, 0); // the norm's shift
            Arrays.fill(expected, 21, 23, 0.95f);
            assertThat(weights.parameters().toFloatArray()).containsExactly(expected, within(1e-6f));
        }
    }

    private float[] afterOneStep(OptimiserConfig config, float[] gradient) {
        try (Weights weights = weights();
                Optimiser optimiser = Optimiser.of(config, torch, weights)) {
            TestGradients.backward(weights, gradient);
            optimiser.step(1, 0.1);
            return weights.parameters().toFloatArray();
        }
    }

    /** The rule once more, one number after the other. */
    private interface Slow {
        void step(int step, double rate, double[] weights, double[] gradient);
    }

    private void compare(OptimiserRule rule, OptimiserConfig config, Slow slow) {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        try (Weights weights = weights();
                Optimiser optimiser = rule.newOptimiser(torch, weights)) {
            int size = (int) weights.parameters().size();
            float[] initial = gaussian(random, size, 1);
            InPlace.overwrite(weights.parameters(), initial);
            double[] expected = doubles(initial);
            for (int step = 1; step <= STEPS; step++) {
                double rate = random.nextDouble(0.001, 0.1);
                float[] gradient = gaussian(random, size, Math.pow(10, random.nextInt(-3, 2)));
                TestGradients.backward(weights, gradient);
                optimiser.step(step, rate);
                slow.step(step, rate, expected, clipped(doubles(gradient), config));
                float[] actual = weights.parameters().toFloatArray();
                for (int i = 0; i < size; i++) {
                    assertThat(Math.abs(actual[i] - expected[i]))
                            .as("seed %d, step %d, weight %d: got %s, wanted %s", seed, step, i, actual[i], expected[i])
                            .isLessThanOrEqualTo(ABSOLUTE + RELATIVE * Math.abs(expected[i]));
                }
                assertThat(weights.gradient().toFloatArray()).containsOnly(0);
            }
        }
    }

    private static double[] clipped(double[] gradient, OptimiserConfig config) {
        double[] clipped = gradient.clone();
        if (config.clipValue() > 0) {
            for (int i = 0; i < clipped.length; i++) {
                clipped[i] = Math.max(-config.clipValue(), Math.min(config.clipValue(), clipped[i]));
            }
        }
        double norm = Math.sqrt(Arrays.stream(clipped).map(x -> x * x).sum());
        if (config.clipNorm() > 0 && norm > config.clipNorm()) {
            for (int i = 0; i < clipped.length; i++) {
                clipped[i] *= config.clipNorm() / (norm + 1e-6);
            }
        }
        return clipped;
    }

    private static final class SlowAdam implements Slow {
        private final OptimiserConfig config;
        private final Decay decay;
        private final double[] mean = new double[OUTPUTS * INPUTS + OUTPUTS];
        private final double[] square = new double[OUTPUTS * INPUTS + OUTPUTS];

        SlowAdam(OptimiserConfig config, Decay decay) {
            this.config = config;
            this.decay = decay;
        }

        @Override
        public void step(int step, double rate, double[] weights, double[] gradient) {
            for (int i = 0; i < weights.length; i++) {
                double decayed = config.weightDecay() * weights[i];
                double g = gradient[i] + (decay == Decay.IN_GRADIENT ? decayed : 0);
                mean[i] = config.beta1() * mean[i] + (1 - config.beta1()) * g;
                square[i] = config.beta2() * square[i] + (1 - config.beta2()) * g * g;
                double unbiasedMean = mean[i] / (1 - Math.pow(config.beta1(), step));
                double unbiasedSquare = square[i] / (1 - Math.pow(config.beta2(), step));
                weights[i] -= decay == Decay.DECOUPLED ? rate * decayed : 0;
                weights[i] -= rate * unbiasedMean / (Math.sqrt(unbiasedSquare) + config.epsilon());
            }
        }
    }

    private static final class SlowSgd implements Slow {
        private final OptimiserConfig config;
        private final double[] velocity = new double[OUTPUTS * INPUTS + OUTPUTS];

        SlowSgd(OptimiserConfig config) {
            this.config = config;
        }

        @Override
        public void step(int step, double rate, double[] weights, double[] gradient) {
            for (int i = 0; i < weights.length; i++) {
                double decayed = gradient[i] + config.weightDecay() * weights[i];
                velocity[i] = config.momentum() * velocity[i] + decayed;
                weights[i] -= rate * (config.nesterov() ? decayed + config.momentum() * velocity[i] : velocity[i]);
            }
        }
    }

    private Weights weights() {
        WeightLayout layout = new WeightLayout();
        layout.linear("w", OUTPUTS, INPUTS);
        return Weights.initialised(torch, layout, 0).requireGradient();
    }

    private static OptimiserConfig config(String method, String settings) {
        List<String> all = new ArrayList<>(List.of(method));
        if (!settings.isEmpty()) {
            all.addAll(List.of(settings.split(",")));
        }
        return new ConfigLoader().assignments(all).load().optimiser();
    }

    private static float[] gaussian(Random random, int size, double deviation) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return values;
    }

    private static double[] doubles(float[] values) {
        double[] wide = new double[values.length];
        Arrays.setAll(wide, i -> values[i]);
        return wide;
    }
}

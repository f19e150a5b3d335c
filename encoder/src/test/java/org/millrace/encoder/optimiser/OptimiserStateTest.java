package org.millrace.encoder.optimiser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.OptimiserConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.TestEncoders;
import org.millrace.encoder.tensor.InPlace;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

/** What an optimiser carries survives as a file's bytes. */
final class OptimiserStateTest {
    private static final int SAVED_AFTER = 4;
    private static final int STEPS = 9;

    private final Torch torch = TestEncoders.torch();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "optimiser.method=sgd",
                "optimiser.method=sgd,optimiser.nesterov=true,optimiser.clip-norm=1",
                "optimiser.method=lars,optimiser.lars-form=outside",
                "optimiser.method=lars,optimiser.lars-form=inside",
                "optimiser.method=adamw,optimiser.clip-value=0.5"
            })
    void restore_fromBytes_goesOnToTheSameBits(String settings) {
        OptimiserConfig config = config(settings.split(","));
        byte[] state;
        float[] middle;
        float[] straight;
        byte[] lastState;
        try (Weights weights = weights();
                Optimiser optimiser = Optimiser.of(config, torch, weights)) {
            steps(optimiser, weights, 1, SAVED_AFTER);
            state = optimiser.state().toBytes();
            middle = weights.parameters().toFloatArray();
            steps(optimiser, weights, SAVED_AFTER + 1, STEPS);
            straight = weights.parameters().toFloatArray();
            lastState = optimiser.state().toBytes();
        }
        try (Weights weights = weights();
                Optimiser optimiser = Optimiser.of(config, torch, weights)) {
            steps(optimiser, weights, 1, 2); // another state, which must leave no trace
            InPlace.overwrite(weights.parameters(), middle);
            optimiser.restore(Safetensors.parse(state));
            assertThat(optimiser.state().toBytes()).isEqualTo(state);
            steps(optimiser, weights, SAVED_AFTER + 1, STEPS);
            assertThat(weights.parameters().toFloatArray()).isEqualTo(straight);
            assertThat(optimiser.state().toBytes()).isEqualTo(lastState);
        }
    }

    @Test
    void restore_stateOfAnotherMethod_isRefused() {
        try (Weights weights = weights();
                Optimiser sgd = Optimiser.of(config("optimiser.method=sgd"), torch, weights);
                Optimiser adamw = Optimiser.of(config("optimiser.method=adamw"), torch, weights)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> adamw.restore(sgd.state()))
                    .withMessageContaining("mean");
        }
    }

    private static void steps(Optimiser optimiser, Weights weights, int from, int to) {
        for (int step = from; step <= to; step++) {
            CounterRandom random = CounterRandom.of(3, step, Purpose.VIEW_ONE, 0);
            float[] gradient = new float[(int) weights.parameters().size()];
            for (int i = 0; i < gradient.length; i++) {
                gradient[i] = (float) random.nextGaussian();
            }
            TestGradients.backward(weights, gradient);
            optimiser.step(step, 0.1 / step);
        }
    }

    private Weights weights() {
        WeightLayout layout = new WeightLayout();
        layout.convolution("conv", 4, 3, 3);
        layout.batchNorm("bn", 4);
        layout.linear("fc", 5, 4);
        return Weights.initialised(torch, layout, 1).requireGradient();
    }

    private static OptimiserConfig config(String... settings) {
        return new ConfigLoader().assignments(List.of(settings)).load().optimiser();
    }
}

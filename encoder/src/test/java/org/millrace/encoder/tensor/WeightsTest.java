package org.millrace.encoder.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.TestEncoders;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.network.BatchNormMode;

final class WeightsTest {
    private static final EncoderConfig CONFIG = TestEncoders.encoder("resnet20", "cifar", 16, 3);

    private final Torch torch = TestEncoders.torch();

    @Test
    void initialised_sameSeed_sameBits() {
        assertThat(initialBytes(5)).isEqualTo(initialBytes(5)).isNotEqualTo(initialBytes(6));
    }

    @Test
    void initialised_convolutionAndLinear_spreadAsPyTorchs() {
        long seed = 5;
        System.out.println("seed " + seed);
        WeightLayout layout = new WeightLayout();
        layout.convolution("conv", 64, 32, 3);
        layout.batchNorm("bn", 64);
        layout.linear("fc", 100, 400);
        try (Weights weights = Weights.initialised(torch, layout, seed)) {
            Safetensors file = weights.snapshot("");
            float[] convolution = file.tensor("conv.weight", 64, 32, 3, 3); // N(0, 2 / (64·9))
            double squares = 0;
            for (float value : convolution) {
                squares += value * value;
            }
            double variance = squares / convolution.length;
            double wanted = 2.0 / (64 * 9);
            assertThat(variance).isCloseTo(wanted, within(5 * wanted * Math.sqrt(2.0 / convolution.length)));
            for (String name : new String[] {"fc.weight", "fc.bias"}) { // U(±1/√400)
                float[] linear = name.equals("fc.bias") ? file.tensor(name, 100) : file.tensor(name, 100, 400);
                float largest = 0;
                for (float value : linear) {
                    largest = Math.max(largest, Math.abs(value));
                }
                assertThat(largest).isBetween(0.9f / 20, 1f / 20);
            }
            assertThat(file.tensor("bn.weight", 64)).containsOnly(1);
            assertThat(file.tensor("bn.bias", 64)).containsOnly(0);
            assertThat(file.tensor("bn.running_mean", 64)).containsOnly(0);
            assertThat(file.tensor("bn.running_var", 64)).containsOnly(1);
        }
    }

    @Test
    void initialised_nearIdentity_passesEachInputOn() {
        WeightLayout layout = new WeightLayout();
        layout.convolution("shortcut", 6, 4, 1, WeightSpec.Initial.NEAR_IDENTITY);
        layout.bias("shortcut", 6);
        try (Weights weights = Weights.initialised(torch, layout, 5)) {
            float[] kernel = weights.snapshot("").tensor("shortcut.weight", 6, 4, 1, 1);
            for (int output = 0; output < 6; output++) {
                for (int input = 0; input < 4; input++) {
                    float value = kernel[output * 4 + input];
                    if (output == input) {
                        assertThat(value).isEqualTo(1);
                    } else {
                        assertThat(value).isNotZero().isBetween(-0.01f, 0.01f);
                    }
                }
            }
            for (float value : weights.snapshot("").tensor("shortcut.bias", 6)) { // U(±1/√4)
                assertThat(value).isNotZero().isBetween(-0.5f, 0.5f);
            }
        }
    }

    @Test
    void overwrite_flatTensor_namedViewsAndForwardFollow() {
        try (Weights weights = TestEncoders.weights(CONFIG, 1);
                Weights other = TestEncoders.weights(CONFIG, 2);
                NDManager scope = torch.newManager()) {
            Tensors views = weights.tensors(scope); // taken before the flat tensor changes
            NDArray images = scope.ones(new Shape(1, 3, 16, 16));
            float[] before = forward(images, views);
            float[] wanted = forward(images, other.tensors(scope));
            assertThat(before).isNotEqualTo(wanted);

            InPlace.overwrite(weights.parameters(), other.parameters().toFloatArray());
            assertThat(forward(images, views)).containsExactly(wanted);
            assertThat(views.get("conv1.weight").toFloatArray())
                    .containsExactly(other.snapshot("").tensor("conv1.weight", 16, 3, 3, 3));

            float[] statistics = new float[(int) weights.buffers().size()];
            Arrays.fill(statistics, 0.5f);
            InPlace.overwrite(weights.buffers(), statistics);
            assertThat(views.get("bn1.running_var").toFloatArray()).containsOnly(0.5f);
            assertThat(forward(images, views)).isNotEqualTo(wanted);
        }
    }

    @Test
    void overwrite_anotherSize_says() {
        try (NDManager scope = torch.newManager()) {
            assertThatThrownBy(() -> InPlace.overwrite(scope.ones(new Shape(3)), new float[2]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a tensor of 3 values cannot take 2");
        }
    }

    @Test
    void read_snapshotOfAnother_sameBits() {
        try (Weights weights = TestEncoders.weights(CONFIG, 1);
                Weights other = TestEncoders.weights(CONFIG, 2)) {
            weights.read(Safetensors.parse(other.snapshot("").toBytes()));
            assertThat(weights.snapshot("").toBytes())
                    .isEqualTo(other.snapshot("").toBytes());
        }
    }

    @Test
    void read_ofOnePart_leavesTheOthers() {
        try (Weights weights = parts(1);
                Weights other = parts(2)) {
            Safetensors encoder = other.snapshot("encoder.");
            assertThat(encoder.names())
                    .containsExactly("0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var");
            float[] projector = weights.snapshot("projector.").tensor("0.weight", 2, 4);
            weights.read("encoder.", encoder);
            assertThat(weights.snapshot("encoder.").toBytes()).isEqualTo(encoder.toBytes());
            assertThat(weights.snapshot("projector.").tensor("0.weight", 2, 4)).containsExactly(projector);
        }
    }

    @Test
    void read_fileOfAnotherNetwork_saysAndChangesNothing() {
        try (Weights weights = parts(1);
                Weights network = TestEncoders.weights(CONFIG, 1)) {
            byte[] before = weights.snapshot("").toBytes();
            assertThatThrownBy(() -> weights.read(network.snapshot("")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("the weights file has no tensor encoder.0.weight");
            assertThat(weights.snapshot("").toBytes()).isEqualTo(before);
        }
    }

    @Test
    void snapshot_taken_doesNotFollowLaterChanges() {
        try (Weights weights = parts(1)) {
            Safetensors snapshot = weights.snapshot("");
            byte[] before = snapshot.toBytes();
            weights.parameters().muli(3);
            assertThat(snapshot.toBytes()).isEqualTo(before);
            assertThat(weights.snapshot("").toBytes()).isNotEqualTo(before);
        }
    }

    private Weights parts(long seed) {
        WeightLayout layout = new WeightLayout();
        layout.linear("encoder.0", 4, 3);
        layout.batchNorm("encoder.1", 4);
        layout.linear("projector.0", 2, 4);
        return Weights.initialised(torch, layout, seed);
    }

    private static float[] forward(NDArray images, Tensors tensors) {
        return Backbone.of(CONFIG)
                .forward(images, tensors, "", BatchNormMode.EVALUATION)
                .toFloatArray();
    }

    private static byte[] initialBytes(long seed) {
        try (Weights weights = TestEncoders.weights(CONFIG, seed)) {
            return weights.snapshot("").toBytes();
        }
    }
}

package org.millrace.encoder.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.TransformerSettings.PatchProjection;
import org.millrace.contract.config.TransformerSettings.Pool;
import org.millrace.contract.config.TransformerSettings.Positions;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.TestEncoders;
import org.millrace.encoder.tensor.Gradients;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

/** Vision transformers against PyTorch's own TransformerEncoderLayer (src/test/python/vit_vectors.py), and timm's names and shapes. */
final class VisionTransformerTest {
    private static final double TOLERANCE = 1e-4; // of the largest value of a tensor

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain_8x8",
                "plain_12x16",
                "registers_8x8",
                "registers_8x12",
                "moco_8x8",
                "moco_16x16",
                "grey_16x16",
                "grey_24x8",
            })
    void forward_torchsWeights_torchsFeaturesAndGradients(String name) throws IOException {
        Safetensors vector = vector("vit_" + name);
        VisionTransformer network = new VisionTransformer(specification(vector.metadata()));
        double largest = 0;
        try (Weights weights = Weights.initialised(TestEncoders.torch(), network.layout(), 3)
                        .requireGradient();
                NDManager scope = TestEncoders.torch().newManager()) {
            weights.read(vector.only(network.layout().names()));
            NDArray images = scope.create(values(vector, "images"), new Shape(vector.shape("images")));
            NDArray slopes = scope.create(values(vector, "slopes"), new Shape(vector.shape("slopes")));
            NDArray features = Gradients.recorded(() -> {
                NDArray made = network.forward(images, weights.tensors(scope), "", BatchNormMode.TRAINING);
                JniUtils.backward((PtNDArray) made, (PtNDArray) slopes, false, false);
                return made;
            });
            largest = Math.max(largest, close("features", features.toFloatArray(), values(vector, "features")));
            NDArray again = Gradients.unrecorded(
                    () -> network.forward(images, weights.tensors(scope), "", BatchNormMode.EVALUATION));
            close("features without gradient", again.toFloatArray(), values(vector, "features"));
            Safetensors gradient = gradient(network, weights);
            Set<String> wanted = vector.names().stream()
                    .filter(key -> key.startsWith("gradient."))
                    .map(key -> key.substring("gradient.".length()))
                    .collect(Collectors.toSet());
            assertThat(gradient.names()).as("parameters").containsExactlyInAnyOrderElementsOf(wanted);
            for (String key : wanted) {
                largest = Math.max(
                        largest, close("gradient of " + key, values(gradient, key), values(vector, "gradient." + key)));
            }
        }
        System.out.printf(Locale.ROOT, "%s: largest relative difference %.2g%n", name, largest);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 16})
    void layout_sinePositions_thoseOfMocoV3(int side) throws IOException {
        Safetensors vector = vector("vit_moco_" + side + "x" + side);
        VisionTransformer network = new VisionTransformer(specification(vector.metadata()));
        try (Weights weights = Weights.initialised(TestEncoders.torch(), network.layout(), 3)) {
            close("positions", values(weights.snapshot(""), "pos_embed"), values(vector, "pos_embed"));
        }
    }

    @Test
    void layout_sinePositionsOfARectangle_rowsThenColumns() {
        float[] wide = SinePositions.of(sine(2, 5));
        float[] high = SinePositions.of(sine(5, 2));
        // patch (1, 3) of the one is (3, 1) of the other, with the halves exchanged
        int one = (1 + 5 + 3) * 8;
        int other = (1 + 3 * 2 + 1) * 8;
        assertThat(Arrays.copyOfRange(wide, one, one + 4)).isEqualTo(Arrays.copyOfRange(high, other + 4, other + 8));
        assertThat(Arrays.copyOfRange(wide, one + 4, one + 8)).isEqualTo(Arrays.copyOfRange(high, other, other + 4));
    }

    /** Numbers of parameters: timm's vit_*_patch16_224 and vit_small_patch14_(reg4_)dinov2 less their classifiers. */
    @ParameterizedTest
    @CsvSource({
        "vit-tiny, 16, 224, 0, false, 5524416",
        "vit-small, 16, 224, 0, false, 21665664",
        "vit-base, 16, 224, 0, false, 85798656",
        "vit-small, 14, 224, 0, true, 21628800",
        "vit-small, 14, 224, 4, true, 21629952",
        "vit-tiny, 4, 32, 0, false, 5360832",
    })
    void layout_ofTheArchitectures_timmsNumberOfParameters(
            String architecture, int patch, int side, int registers, boolean scaled, int parameters) {
        WeightLayout layout = Backbone.of(config(architecture, patch, side, registers, scaled))
                .layout();
        assertThat(layout.parameterCount()).isEqualTo(parameters);
    }

    @Test
    void layout_small14WithRegisters_timmsNamesAndShapes() {
        WeightLayout layout = Backbone.of(config("vit-small", 14, 224, 4, true)).layout();
        try (Weights weights = Weights.initialised(TestEncoders.torch(), layout, 1)) {
            Safetensors file = weights.snapshot("");
            Map<String, long[]> some = Map.of(
                    "cls_token", new long[] {1, 1, 384},
                    "reg_token", new long[] {1, 4, 384},
                    "pos_embed", new long[] {1, 256, 384},
                    "patch_embed.proj.weight", new long[] {384, 3, 14, 14},
                    "blocks.11.attn.qkv.weight", new long[] {1152, 384},
                    "blocks.11.attn.proj.bias", new long[] {384},
                    "blocks.11.ls1.gamma", new long[] {384},
                    "blocks.11.mlp.fc1.weight", new long[] {1536, 384},
                    "blocks.11.mlp.fc2.weight", new long[] {384, 1536},
                    "norm.bias", new long[] {384});
            some.forEach((name, shape) -> assertThat(file.shape(name)).as(name).isEqualTo(shape));
            assertThat(file.names()).hasSize(6 + 12 * 14 + 1);
        }
    }

    @Test
    void layout_freshWeights_inTheirRanges() {
        VisionTransformer network = new VisionTransformer(new VisionTransformer.Specification(
                16, 2, 2, 4, 3, 3, 3, 0, true, Pool.CLASS, Positions.LEARNED, PatchProjection.FROZEN));
        try (Weights weights = Weights.initialised(TestEncoders.torch(), network.layout(), 1)) {
            Safetensors file = weights.snapshot("");
            assertThat(largest(values(file, "blocks.0.attn.qkv.weight"))).isBetween(0.38, Math.sqrt(6.0 / 32));
            assertThat(largest(values(file, "blocks.0.mlp.fc1.weight"))).isBetween(0.25, Math.sqrt(6.0 / 80));
            assertThat(largest(values(file, "patch_embed.proj.weight"))).isBetween(0.28, Math.sqrt(6.0 / (48 + 16)));
            assertThat(values(file, "blocks.1.ls2.gamma")).containsOnly(1e-5f);
            assertThat(values(file, "blocks.1.attn.qkv.bias")).containsOnly(0);
            assertThat(largest(values(file, "cls_token"))).isBetween(1e-8, 1e-5);
            assertThat(largest(values(file, "pos_embed"))).isBetween(0.02, 0.12);
        }
    }

    @Test
    void forward_imagesOfAnotherSize_saysHowManyPatches() throws IOException {
        VisionTransformer network =
                new VisionTransformer(specification(vector("vit_plain_8x8").metadata()));
        try (Weights weights = Weights.initialised(TestEncoders.torch(), network.layout(), 3);
                NDManager scope = TestEncoders.torch().newManager()) {
            NDArray images = scope.zeros(new Shape(1, 3, 8, 12));
            assertThatThrownBy(() -> Gradients.unrecorded(
                            () -> network.forward(images, weights.tensors(scope), "", BatchNormMode.EVALUATION)))
                    .hasMessage("images must have 2×2 patches, but their shape was (1, 3, 8, 12)");
        }
    }

    private static VisionTransformer.Specification sine(int rows, int columns) {
        return new VisionTransformer.Specification(
                8, 1, 1, 4, rows, columns, 3, 0, false, Pool.CLASS, Positions.SINE, PatchProjection.FROZEN);
    }

    private static EncoderConfig config(String architecture, int patch, int side, int registers, boolean scaled) {
        return TestEncoders.config(
                        "encoder.architecture=" + architecture,
                        "encoder.patch=" + patch,
                        "encoder.height=" + side,
                        "encoder.width=" + side,
                        "encoder.registers=" + registers,
                        "encoder.layer-scale=" + scaled)
                .encoder();
    }

    private static Safetensors gradient(VisionTransformer network, Weights weights) {
        try (Weights place = Weights.initialised(TestEncoders.torch(), network.layout(), 0);
                NDArray gradient = weights.gradient()) {
            gradient.copyTo(place.parameters());
            Safetensors all = place.snapshot("");
            boolean sine = network.specification().positions() == Positions.SINE;
            boolean frozen = network.specification().projection() == PatchProjection.FROZEN;
            return all.only(all.names().stream()
                    .filter(name -> !(sine && name.equals("pos_embed")) && !(frozen && name.startsWith("patch_embed")))
                    .collect(Collectors.toSet()));
        }
    }

    /** The largest difference in parts of the largest value wanted; fails where it is above the bar. */
    private static double close(String what, float[] got, float[] want) {
        assertThat(got).as(what).hasSameSizeAs(want);
        double largest = largest(want);
        double difference = 0;
        for (int i = 0; i < got.length; i++) {
            difference = Math.max(difference, Math.abs((double) got[i] - want[i]));
        }
        assertThat(difference).as(what).isLessThanOrEqualTo(TOLERANCE * largest);
        return largest == 0 ? 0 : difference / largest;
    }

    private static double largest(float[] values) {
        double largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    private static float[] values(Safetensors file, String name) {
        return file.tensor(name, file.shape(name));
    }

    private static VisionTransformer.Specification specification(Map<String, String> about) {
        return new VisionTransformer.Specification(
                number(about, "width"),
                number(about, "depth"),
                number(about, "heads"),
                number(about, "patch"),
                number(about, "rows"),
                number(about, "columns"),
                number(about, "channels"),
                number(about, "registers"),
                Boolean.parseBoolean(about.get("scaled")),
                Pool.valueOf(text(about, "pool")),
                Positions.valueOf(text(about, "positions")),
                PatchProjection.valueOf(text(about, "projection")));
    }

    private static int number(Map<String, String> about, String key) {
        return Integer.parseInt(text(about, key));
    }

    private static String text(Map<String, String> about, String key) {
        return Objects.requireNonNull(about.get(key), key).toUpperCase(Locale.ROOT);
    }

    private static Safetensors vector(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(
                VisionTransformerTest.class.getResourceAsStream("/vectors/" + name + ".safetensors"), name)) {
            return Safetensors.parse(in.readAllBytes());
        }
    }
}

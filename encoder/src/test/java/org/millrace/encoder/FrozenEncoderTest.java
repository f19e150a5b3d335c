package org.millrace.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.image.InputTransform;
import org.millrace.encoder.image.TestImages;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.encoder.network.AmdimNetwork;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.tensor.Gradients;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

final class FrozenEncoderTest {
    private static final EncoderConfig CONFIG = TestEncoders.encoder("resnet20", "cifar", 16, 3);

    @Test
    void embed_anySplit_sameFeatures() throws UndecodableImageException {
        List<byte[]> images = images(6);
        try (FrozenEncoder encoder = encoder()) {
            float[] together = encoder.embed(images);
            assertThat(together).hasSize(6 * encoder.features());
            for (int size : new int[] {1, 2, 4}) {
                List<Float> apart = new ArrayList<>();
                for (int from = 0; from < 6; from += size) {
                    for (float value : encoder.embed(images.subList(from, Math.min(6, from + size)))) {
                        apart.add(value);
                    }
                }
                for (int i = 0; i < together.length; i++) {
                    assertThat(apart.get(i)).isCloseTo(together[i], within(1e-5f * Math.max(1, together[i])));
                }
            }
            assertThat(java.util.Arrays.copyOf(together, 64))
                    .as("different images have different features")
                    .isNotEqualTo(java.util.Arrays.copyOfRange(together, 64, 128));
        }
    }

    /** Against the head computed by loops at every place, of the network's own maps. */
    @Test
    void matchingMaps_fileWithItsHead_scoresOfTheFirstImageWithEachPlace() {
        EncoderConfig config = TestEncoders.amdim(3);
        var network = new AmdimNetwork(config);
        WeightLayout both = network.layout();
        network.matchingHead().declare(both);
        List<float[]> images = List.of(noise(3 * 32 * 32, 1), noise(3 * 32 * 32, 2));
        try (Weights weights = Weights.forTrying(TestEncoders.torch(), both);
                FrozenEncoder encoder = new FrozenEncoder(TestEncoders.torch(), config, weights.snapshot(""));
                FrozenEncoder without = new FrozenEncoder(
                        TestEncoders.torch(),
                        config,
                        weights.snapshot("").only(network.layout().names()));
                NDManager scope = TestEncoders.torch().newManager()) {
            assertThat(without.matchingMaps(images)).isEmpty();
            List<float[]> maps = encoder.matchingMaps(images).orElseThrow();
            Safetensors file = weights.snapshot("");
            float[] query = encoder.embedScaled(images.subList(0, 1));
            for (int image = 0; image < 2; image++) {
                NDArray input = scope.create(normalised(config, images.get(image)), new Shape(1, 32, 32, 3))
                        .transpose(0, 3, 1, 2);
                float[] seven = Gradients.unrecorded(
                        () -> network.maps(input, weights.tensors(scope), "", BatchNormMode.EVALUATION)
                                .f7()
                                .toFloatArray());
                for (int place = 0; place < 49; place++) {
                    double wanted = score(file, query, seven, place);
                    assertThat((double) maps.get(image)[place])
                            .as("image %d, place %d", image, place)
                            .isCloseTo(wanted, within(1e-4 * Math.max(1, Math.abs(wanted))));
                }
            }
        }
    }

    // s = f₁ · φ(f₇ at that place) / √D with φ(x) = norm(second·relu(first·x) + shortcut·x)
    private static double score(Safetensors file, float[] query, float[] seven, int place) {
        double[] x = new double[seven.length / 49];
        for (int c = 0; c < x.length; c++) {
            x[c] = seven[c * 49 + place];
        }
        double[] hidden = times(file, "local7.conv1.weight", x);
        for (int i = 0; i < hidden.length; i++) {
            hidden[i] = Math.max(0, hidden[i]);
        }
        double[] second = times(file, "local7.conv2.weight", hidden);
        double[] shortcut = times(file, "local7.shortcut.weight", x);
        int features = query.length;
        float[] scale = file.tensor("local7.bn.weight", features);
        float[] shift = file.tensor("local7.bn.bias", features);
        float[] mean = file.tensor("local7.bn.running_mean", features);
        float[] variance = file.tensor("local7.bn.running_var", features);
        double sum = 0;
        for (int d = 0; d < features; d++) {
            double y = (second[d] + shortcut[d] - mean[d]) / Math.sqrt(variance[d] + 1e-5) * scale[d] + shift[d];
            sum += query[d] * y;
        }
        return sum / Math.sqrt(features);
    }

    private static double[] times(Safetensors file, String name, double[] x) {
        long[] shape = file.shape(name); // of a 1×1 kernel
        float[] matrix = file.tensor(name, shape);
        double[] y = new double[(int) shape[0]];
        for (int o = 0; o < y.length; o++) {
            for (int i = 0; i < x.length; i++) {
                y[o] += (double) matrix[o * x.length + i] * x[i];
            }
        }
        return y;
    }

    private static float[] normalised(EncoderConfig config, float[] image) {
        FloatBuffer values = FloatBuffer.allocate(image.length);
        InputTransform.putNormalised(config, image, values);
        return values.array();
    }

    private static float[] noise(int size, long seed) {
        var random = new SplittableRandom(seed);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextDouble();
        }
        return values;
    }

    @Test
    void embed_onAThreadThatRecordsGradients_sameBitsAndTheThreadStillRecords() throws UndecodableImageException {
        List<byte[]> images = images(3);
        try (FrozenEncoder made = encoder()) {
            float[] here = made.embed(images);
            TestEncoders.onNewThread(() -> {
                assertThat(JniUtils.isGradMode()).as("a new thread records").isTrue();
                try (FrozenEncoder madeThere = encoder()) {
                    assertThat(madeThere.embed(images)).isEqualTo(here);
                    assertThat(made.embed(images)).isEqualTo(here);
                }
                assertThat(JniUtils.isGradMode()).as("it records as before").isTrue();
                return here;
            });
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void embed_amdim_wholeImageFeaturesOfGreyAndColour(int channels) throws UndecodableImageException {
        EncoderConfig config = TestEncoders.amdim(channels);
        Safetensors file;
        try (Weights weights = TestEncoders.weights(config, 4)) {
            file = Safetensors.parse(weights.snapshot("").toBytes());
        }
        try (FrozenEncoder encoder = new FrozenEncoder(TestEncoders.torch(), config, file)) {
            assertThat(encoder.features()).isEqualTo(24);
            float[] features = encoder.embed(images(3));
            assertThat(features).hasSize(3 * 24);
            assertThat(java.util.Arrays.copyOf(features, 24))
                    .as("different images have different features")
                    .isNotEqualTo(java.util.Arrays.copyOfRange(features, 24, 48));
        }
    }

    @Test
    void new_fileOfAnotherArchitecture_says() {
        EncoderConfig larger = TestEncoders.encoder("resnet18", "cifar", 16, 3);
        assertThatThrownBy(() -> new FrozenEncoder(TestEncoders.torch(), larger, file()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tensor conv1.weight must have the shape [64, 3, 3, 3], but has [16, 3, 3, 3]");
    }

    @ParameterizedTest
    @CsvSource({
        "conv1.weight, NaN, weights must be finite",
        "layer2.0.downsample.0.weight, Infinity, weights must be finite",
        "layer1.0.bn1.running_mean, -Infinity, weights must be finite",
        "layer3.2.bn2.running_var, -0.5, a running variance must be finite and not negative",
        "bn1.running_var, NaN, a running variance must be finite and not negative",
    })
    void new_valueThatIsNoWeight_saysWhichAndWhere(String tensor, float value, String wanted) {
        Safetensors bad = with(file(), tensor, value);
        assertThatThrownBy(() -> new FrozenEncoder(TestEncoders.torch(), CONFIG, bad))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("tensor " + tensor + " has " + value + " at [0")
                .hasMessageEndingWith("; " + wanted);
    }

    @Test
    void embed_weightsThatOverflow_refusesTheFeatures() {
        try (FrozenEncoder encoder =
                new FrozenEncoder(TestEncoders.torch(), CONFIG, with(file(), "bn1.weight", Float.MAX_VALUE))) {
            assertThatThrownBy(() -> encoder.embed(images(2)))
                    .isInstanceOf(UserException.class)
                    .hasMessageContaining(
                            "features are not finite: feature 0 of an image is NaN. Its training diverged");
        }
    }

    /** The same but for the first value of a tensor, or all of them where it has one axis. */
    static Safetensors with(Safetensors file, String tensor, float value) {
        Safetensors.Builder changed = new Safetensors.Builder();
        for (String name : file.names()) {
            long[] shape = file.shape(name);
            float[] values = file.tensor(name, shape).clone();
            if (name.equals(tensor)) {
                java.util.Arrays.fill(values, 0, shape.length == 1 ? values.length : 1, value);
            }
            changed.add(name, shape, values);
        }
        return changed.build();
    }

    @Test
    void embed_noImage_saysWhy() {
        try (FrozenEncoder encoder = encoder()) {
            assertThatThrownBy(() -> encoder.embed(List.of(new byte[] {1, 2, 3})))
                    .isInstanceOf(UndecodableImageException.class);
        }
    }

    private static FrozenEncoder encoder() {
        return new FrozenEncoder(TestEncoders.torch(), CONFIG, file());
    }

    private static Safetensors file() {
        try (Weights weights = TestEncoders.weights(CONFIG, 4)) {
            return Safetensors.parse(weights.snapshot("").toBytes());
        }
    }

    private static List<byte[]> images(int count) {
        List<byte[]> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            images.add(TestImages.write(TestImages.noise(20 + i, 24, i), "png"));
        }
        return images;
    }
}

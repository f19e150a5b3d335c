package org.millrace.encoder.network;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.TestEncoders;
import org.millrace.encoder.network.AmdimNetwork.Maps;
import org.millrace.encoder.tensor.InPlace;
import org.millrace.encoder.tensor.Weights;

final class AmdimNetworkTest {
    private static final long SEED = 12;
    private static final int SIDE = 32;

    private final NDManager scope = TestEncoders.torch().newManager();

    @AfterEach
    void close() {
        scope.close();
    }

    // a layer of C → C' channels with a w×w kernel has w²·C·C' + C'² weights; 7 layers of 4, 8, 16 and 24 channels, and
    // the others of a block
    @ParameterizedTest
    @CsvSource({"1, 40", "3, 112"})
    void maps_greyAndColour_threeScales(int channels, int stem) {
        EncoderConfig config = TestEncoders.amdim(channels);
        var network = new AmdimNetwork(config);
        assertThat(network.features()).isEqualTo(24);
        assertThat(network.localChannels()).isEqualTo(16);
        try (Weights weights = TestEncoders.weights(config, SEED)) {
            int first = 2 * 16 + (16 * 32 + 64) + (4 * 128 + 256) + 2 * (9 * 256 + 256) + (9 * 384 + 576);
            int further = 2 * 64 + 3 * 2 * 256;
            assertThat(weights.parameters().size()).isEqualTo(stem + first + further + 2 * 24);
            Maps maps = network.maps(images(2, channels), weights.tensors(scope), "", BatchNormMode.TRAINING);
            assertThat(maps.f1().getShape()).isEqualTo(new Shape(2, 24));
            assertThat(maps.f5().getShape()).isEqualTo(new Shape(2, 16, 5, 5));
            assertThat(maps.f7().getShape()).isEqualTo(new Shape(2, 16, 7, 7));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void maps_randomWeights_asPlainJava(int channels) {
        EncoderConfig config = TestEncoders.amdim(channels);
        var network = new AmdimNetwork(config);
        var head = new LocalHead("head.", 16, 24);
        try (Weights weights = randomWeights(config, head)) {
            NDArray images = images(2, channels);
            var tensors = weights.tensors(scope);
            Maps maps = network.maps(images, tensors, "", BatchNormMode.EVALUATION);
            NDArray local = head.forward(maps.f5(), tensors, BatchNormMode.EVALUATION);
            NDArray published = network.forward(images, tensors, "", BatchNormMode.EVALUATION);
            var plain = new PlainNetwork(weights.snapshot(""));
            for (int image = 0; image < 2; image++) {
                PlainMap f7 = plain.stem(row(images, image), channels, SIDE);
                f7 = plain.block("block30.", f7, 4, 1, 1, 1);
                f7 = plain.block("block14.", f7, 8, 4, 2, 2);
                f7 = plain.block("block7.", f7, 16, 2, 2, 2);
                PlainMap f5 = plain.block("block5.", f7, 16, 3, 1, 2);
                PlainMap f1 = plain.block("block3.", f5, 16, 3, 1, 2);
                f1 = plain.batchNorm("bn", plain.block("block1.", f1, 24, 3, 1, 1));
                assertNear(row(maps.f7(), image), f7.values());
                assertNear(row(maps.f5(), image), f5.values());
                assertNear(row(maps.f1(), image), f1.values());
                assertNear(row(published, image), f1.values());
                assertNear(row(local, image), plain.head("head.", f5, 24).values());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"7, 8", "5, 16"})
    void maps_pixelOutsideALocationsField_changesOnlyTheOthers(int places, int field) {
        EncoderConfig config = TestEncoders.amdim(3);
        var network = new AmdimNetwork(config);
        try (Weights weights = randomWeights(config, new LocalHead("head.", 16, 24))) {
            float[] pixels = images(1, 3).toFloatArray();
            float[] before = map(network, weights, pixels, places);
            for (int[] pixel : new int[][] {{0, 0}, {9, 17}, {15, 16}, {31, 30}}) {
                float[] other = pixels.clone();
                for (int channel = 0; channel < 3; channel++) {
                    other[(channel * SIDE + pixel[0]) * SIDE + pixel[1]] += 3;
                }
                float[] after = map(network, weights, other, places);
                for (int location = 0; location < places * places; location++) {
                    boolean sees = within(pixel[0] - 4 * (location / places), field)
                            && within(pixel[1] - 4 * (location % places), field);
                    assertThat(!Arrays.equals(at(before, location, places), at(after, location, places)))
                            .as("location %d sees pixel %s", location, Arrays.toString(pixel))
                            .isEqualTo(sees);
                }
            }
        }
    }

    @Test
    void forward_freshNetwork_poolsTheStemIntoTheFirstChannels() {
        EncoderConfig config = TestEncoders.amdim(3);
        try (Weights weights = TestEncoders.weights(config, SEED)) {
            var network = new AmdimNetwork(config);
            Maps maps = network.maps(images(1, 3), weights.tensors(scope), "", BatchNormMode.EVALUATION);
            float[] f1 = maps.f1().toFloatArray();
            assertThat(Arrays.copyOf(f1, 4)).doesNotContain(0);
            assertThat(Arrays.copyOfRange(f1, 4, 24)).containsOnly(0); // zeros of the widening blocks
        }
    }

    private float[] map(AmdimNetwork network, Weights weights, float[] pixels, int places) {
        NDArray image = scope.create(pixels, new Shape(1, 3, SIDE, SIDE));
        Maps maps = network.maps(image, weights.tensors(scope), "", BatchNormMode.EVALUATION);
        return (places == 7 ? maps.f7() : maps.f5()).toFloatArray();
    }

    private static boolean within(int offset, int field) {
        return offset >= 0 && offset < field;
    }

    // all channels of one location of a map C×places×places
    private static float[] at(float[] map, int location, int places) {
        float[] channels = new float[map.length / (places * places)];
        for (int channel = 0; channel < channels.length; channel++) {
            channels[channel] = map[channel * places * places + location];
        }
        return channels;
    }

    private Weights randomWeights(EncoderConfig config, LocalHead head) {
        var layout = new org.millrace.encoder.tensor.WeightLayout();
        new AmdimNetwork(config).declare(layout, "");
        head.declare(layout);
        Weights weights = Weights.initialised(TestEncoders.torch(), layout, SEED);
        RandomGenerator random = random(1);
        overwrite(weights.parameters(), () -> random.nextFloat(-0.3f, 0.3f));
        overwrite(weights.buffers(), () -> random.nextFloat(0.2f, 2)); // means and variances
        return weights;
    }

    private static void overwrite(NDArray target, java.util.function.Supplier<Float> values) {
        float[] all = new float[(int) target.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = values.get();
        }
        InPlace.overwrite(target, all);
    }

    private NDArray images(int count, int channels) {
        RandomGenerator random = random(2);
        float[] values = new float[count * channels * SIDE * SIDE];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return scope.create(values, new Shape(count, channels, SIDE, SIDE));
    }

    private static RandomGenerator random(long step) {
        System.out.println("seed " + SEED);
        return CounterRandom.of(SEED, step, Purpose.VIEW_ONE, 0);
    }

    private static float[] row(NDArray batch, int image) {
        return batch.get(image).toFloatArray();
    }

    private static void assertNear(float[] actual, double[] wanted) {
        assertThat(actual).hasSameSizeAs(wanted);
        for (int i = 0; i < actual.length; i++) {
            assertThat(Math.abs(actual[i] - wanted[i]))
                    .as("value %d: got %s, wanted %s", i, actual[i], wanted[i])
                    .isLessThanOrEqualTo(1e-5 + 1e-5 * Math.abs(wanted[i]));
        }
    }
}

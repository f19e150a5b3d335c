package org.millrace.encoder.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.TestEncoders;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

final class ResNetTest {
    private static final long SEED = 11;

    private final Torch torch = TestEncoders.torch();

    // counts of torchvision's networks without fc; the CIFAR stem has 64·3·(49 − 9) weights less
    @ParameterizedTest
    @CsvSource({
        "resnet20, cifar, 32, 64, 271824",
        "resnet18, cifar, 32, 512, 11168832",
        "resnet18, imagenet, 64, 512, 11176512",
        "resnet34, cifar, 16, 512, 21276992",
        "resnet34, imagenet, 64, 512, 21284672",
        "resnet50, cifar, 16, 2048, 23500352",
        "resnet50, imagenet, 64, 2048, 23508032",
    })
    void forward_everyNetwork_featuresOfItsLength(
            String architecture, String stem, int side, int features, long parameters) {
        EncoderConfig config = TestEncoders.encoder(architecture, stem, side, 3);
        Backbone network = Backbone.of(config);
        assertThat(network.features()).isEqualTo(features);
        try (Weights weights = TestEncoders.weights(config, SEED);
                NDManager scope = torch.newManager()) {
            assertThat(weights.parameters().size()).isEqualTo(parameters);
            NDArray images = scope.create(gaussian(2 * 3 * side * side, 1), new Shape(2, 3, side, side));
            NDArray output = network.forward(images, weights.tensors(scope), "", BatchNormMode.EVALUATION);
            assertThat(output.getShape()).isEqualTo(new Shape(2, features));
            float[] values = output.toFloatArray();
            double sum = 0;
            for (float value : values) {
                assertThat(value).isFinite().isGreaterThanOrEqualTo(0); // means after a ReLU
                sum += value;
            }
            assertThat(sum).isPositive();
        }
    }

    @Test
    void forward_greyInput_oneInputChannel() {
        EncoderConfig config = TestEncoders.encoder("resnet20", "cifar", 28, 1);
        try (Weights weights = TestEncoders.weights(config, SEED);
                NDManager scope = torch.newManager()) {
            NDArray images = scope.create(gaussian(28 * 28, 1), new Shape(1, 1, 28, 28));
            assertThat(Backbone.of(config)
                            .forward(images, weights.tensors(scope), "", BatchNormMode.EVALUATION)
                            .getShape())
                    .isEqualTo(new Shape(1, 64));
        }
    }

    @ParameterizedTest
    @CsvSource({"resnet18, '2,2,2,2', false", "resnet34, '3,4,6,3', false", "resnet50, '3,4,6,3', true"})
    void declare_imagenetNetworks_torchvisionsNames(String architecture, String blocks, boolean bottleneck) {
        EncoderConfig config = TestEncoders.encoder(architecture, "imagenet", 32, 3);
        try (Weights weights = TestEncoders.weights(config, SEED)) {
            assertThat(weights.snapshot("").names())
                    .containsExactlyInAnyOrderElementsOf(torchvision(blocks.split(","), bottleneck));
        }
    }

    @ParameterizedTest
    @CsvSource({"resnet18, '2,2,2,2', false", "resnet50, '3,4,6,3', true"})
    void declare_groupNorm_torchvisionsNamesWithNormLayer(String architecture, String blocks, boolean bottleneck) {
        EncoderConfig config = groupNorm(architecture, "imagenet", 32);
        List<String> names = torchvision(blocks.split(","), bottleneck);
        names.removeIf(name -> name.contains("running"));
        try (Weights weights = TestEncoders.weights(config, SEED)) {
            assertThat(weights.snapshot("").names()).containsExactlyInAnyOrderElementsOf(names);
        }
    }

    @Test
    void forward_groupNorm_anImagesFeaturesAreTheSameInAnyBatchAndMode() {
        EncoderConfig config = groupNorm("resnet20", "cifar", 16);
        float[] input = gaussian(4 * 3 * 16 * 16, 2);
        try (Weights weights = TestEncoders.weights(config, SEED);
                NDManager scope = torch.newManager()) {
            NDArray images = scope.create(input, new Shape(4, 3, 16, 16));
            Backbone network = Backbone.of(config);
            float[] together = network.forward(images, weights.tensors(scope), "", BatchNormMode.TRAINING)
                    .toFloatArray();
            for (int n = 0; n < 4; n++) {
                NDArray one = images.get(n + ":" + (n + 1));
                float[] alone = network.forward(one, weights.tensors(scope), "", BatchNormMode.EVALUATION)
                        .toFloatArray();
                assertThat(alone)
                        .containsExactly(java.util.Arrays.copyOfRange(together, 64 * n, 64 * n + 64), within(1e-5f));
            }
        }
    }

    @Test
    void forward_training_movesStatisticsByTheBatchs() {
        EncoderConfig config = TestEncoders.encoder("resnet20", "cifar", 16, 3);
        float[] input = gaussian(4 * 3 * 16 * 16, 2);
        try (Weights weights = TestEncoders.weights(config, SEED);
                NDManager scope = torch.newManager()) {
            NDArray images = scope.create(input, new Shape(4, 3, 16, 16));
            float[] before = weights.buffers().toFloatArray();
            float[] parameters = weights.parameters().toFloatArray();

            Backbone.of(config).forward(images, weights.tensors(scope), "", BatchNormMode.EVALUATION);
            assertThat(weights.buffers().toFloatArray()).isEqualTo(before);

            Backbone.of(config).forward(images, weights.tensors(scope), "", BatchNormMode.TRAINING);
            assertThat(weights.parameters().toFloatArray()).isEqualTo(parameters);
            float[] mean = weights.snapshot("").tensor("bn1.running_mean", 16);
            float[] variance = weights.snapshot("").tensor("bn1.running_var", 16);
            float[] kernel = weights.snapshot("").tensor("conv1.weight", 16, 3, 3, 3);
            for (int channel = 0; channel < 16; channel++) {
                double[] plane = convolution(input, 4, 16, kernel, channel);
                double average = java.util.Arrays.stream(plane).average().orElseThrow();
                double squares = java.util.Arrays.stream(plane)
                        .map(v -> (v - average) * (v - average))
                        .sum();
                assertThat(mean[channel]).isCloseTo((float) (0.1 * average), within(1e-6f));
                // the running variance starts at 1 and takes the unbiased one
                assertThat(variance[channel])
                        .isCloseTo((float) (0.9 + 0.1 * squares / (plane.length - 1)), within(1e-5f));
            }
        }
    }

    // slow reference of conv1: 3×3, stride 1, padding 1; one output channel over all images
    private static double[] convolution(float[] images, int count, int side, float[] kernel, int channel) {
        double[] output = new double[count * side * side];
        for (int n = 0; n < count; n++) {
            for (int y = 0; y < side; y++) {
                for (int x = 0; x < side; x++) {
                    double sum = 0;
                    for (int c = 0; c < 3; c++) {
                        for (int tap = 0; tap < 9; tap++) {
                            int row = y + tap / 3 - 1;
                            int column = x + tap % 3 - 1;
                            if (row >= 0 && row < side && column >= 0 && column < side) {
                                sum += (double) images[((n * 3 + c) * side + row) * side + column]
                                        * kernel[(channel * 3 + c) * 9 + tap];
                            }
                        }
                    }
                    output[(n * side + y) * side + x] = sum;
                }
            }
        }
        return output;
    }

    // state_dict() of torchvision.models.resnetN without fc.* and num_batches_tracked
    private static List<String> torchvision(String[] blocks, boolean bottleneck) {
        List<String> names = new ArrayList<>(List.of("conv1.weight"));
        names.addAll(batchNorm("bn1"));
        for (int layer = 1; layer <= 4; layer++) {
            for (int block = 0; block < Integer.parseInt(blocks[layer - 1]); block++) {
                String prefix = "layer" + layer + "." + block + ".";
                for (int i = 1; i <= (bottleneck ? 3 : 2); i++) {
                    names.add(prefix + "conv" + i + ".weight");
                    names.addAll(batchNorm(prefix + "bn" + i));
                }
                if (block == 0 && (layer > 1 || bottleneck)) {
                    names.add(prefix + "downsample.0.weight");
                    names.addAll(batchNorm(prefix + "downsample.1"));
                }
            }
        }
        return names;
    }

    private static EncoderConfig groupNorm(String architecture, String stem, int side) {
        return TestEncoders.config(
                        "encoder.architecture=" + architecture,
                        "encoder.stem=" + stem,
                        "encoder.height=" + side,
                        "encoder.width=" + side,
                        "encoder.norm=group")
                .encoder();
    }

    private static List<String> batchNorm(String name) {
        return List.of(name + ".weight", name + ".bias", name + ".running_mean", name + ".running_var");
    }

    private static float[] gaussian(int size, long step) {
        System.out.println("seed " + SEED);
        RandomGenerator random = CounterRandom.of(SEED, step, Purpose.VIEW_ONE, 0);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}

package org.millrace.encoder.classifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.config.AugmentConfig;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.FrozenEncoder;
import org.millrace.encoder.TestEncoders;
import org.millrace.encoder.image.TestImages;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.encoder.network.Head;
import org.millrace.encoder.network.HiddenLayerHead;
import org.millrace.encoder.network.LinearHead;
import org.millrace.encoder.optimiser.OptimiserRule;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

final class ClassifierTest {
    private static final OptimiserRule PLAIN = OptimiserRule.sgd(0, false, 0);
    private static final EncoderConfig ENCODER = TestEncoders.encoder("resnet20", "cifar", 16, 3);
    private static final AugmentConfig AUGMENT = TestEncoders.config().augment();

    private final Torch torch = TestEncoders.torch();

    @Test
    void step_ofLinearHead_goesDownTheGradientOfTheCrossEntropy() {
        int features = 5;
        int classes = 3;
        int[] labels = {0, 2, 1, 2};
        float[] x = values(61, labels.length * features);
        double rate = 0.7;
        try (Classifier classifier = Classifier.onFeatures(torch, features, new LinearHead(classes), PLAIN, 3)) {
            float[] before = classifier.logits(x);
            double loss = classifier.step(x, labels, rate, random(0));
            float[] after = classifier.logits(x);

            double[][] residuals = new double[labels.length][classes]; // softmax − one-hot, over N
            double expectedLoss = 0;
            for (int n = 0; n < labels.length; n++) {
                double sum = 0;
                for (int c = 0; c < classes; c++) {
                    sum += Math.exp(before[n * classes + c]);
                }
                for (int c = 0; c < classes; c++) {
                    double p = Math.exp(before[n * classes + c]) / sum;
                    residuals[n][c] = (p - (labels[n] == c ? 1 : 0)) / labels.length;
                    expectedLoss -= labels[n] == c ? Math.log(p) / labels.length : 0;
                }
            }
            assertThat(loss).isCloseTo(expectedLoss, within(1e-6));
            for (int n = 0; n < labels.length; n++) {
                for (int c = 0; c < classes; c++) {
                    double expected = before[n * classes + c];
                    for (int other = 0; other < labels.length; other++) {
                        double product = 1; // the bias
                        for (int d = 0; d < features; d++) {
                            product += x[n * features + d] * x[other * features + d];
                        }
                        expected -= rate * residuals[other][c] * product;
                    }
                    assertThat((double) after[n * classes + c]).isCloseTo(expected, within(1e-5));
                }
            }
        }
    }

    @Test
    void onFeatures_linearHead_beginsNearZero() {
        try (Classifier classifier = Classifier.onFeatures(torch, 4, new LinearHead(2), PLAIN, 3)) {
            assertThat(classifier.logits(new float[4])).containsExactly(0, 0);
            assertThat(classifier.logits(new float[] {1, 0, 0, 0})).satisfies(logits -> {
                assertThat(logits[0]).isNotZero().isBetween(-0.06f, 0.06f);
                assertThat(logits[1]).isNotZero().isBetween(-0.06f, 0.06f);
            });
        }
    }

    @Test
    void step_sameSeedTwice_sameLogitsToTheBit() {
        assertThat(trainedOnFeatures(7)).isEqualTo(trainedOnFeatures(7));
        assertThat(trainedOnFeatures(7)).isNotEqualTo(trainedOnFeatures(8));
    }

    @Test
    void step_onAnotherThreadThanItsMakers_sameLogitsToTheBit() {
        float[] images = values(71, 4 * 3 * 16 * 16);
        try (Classifier here = Classifier.onImages(torch, ENCODER, new LinearHead(2), PLAIN, 3);
                Classifier there = Classifier.onImages(torch, ENCODER, new LinearHead(2), PLAIN, 3)) {
            assertThat(TestEncoders.onNewThread(() -> afterTwoSteps(there, images)))
                    .isEqualTo(afterTwoSteps(here, images));
        }
    }

    private static float[] afterTwoSteps(Classifier classifier, float[] images) {
        int[] labels = {0, 1, 1, 0};
        classifier.step(images, labels, 0.1, random(0));
        classifier.step(images, labels, 0.1, random(1));
        return classifier.logits(images);
    }

    @Test
    void step_ofHiddenLayer_learnsWhatNoLinearHeadCan() {
        float[] x = {-1, -1, -1, 1, 1, -1, 1, 1};
        int[] exclusiveOr = {0, 1, 1, 0};
        Head head = new HiddenLayerHead(2, 64, 0.2);
        try (Classifier classifier =
                Classifier.onFeatures(torch, 2, head, OptimiserRule.adam(0.8, 0.999, 1e-8, 1e-5), 5)) {
            for (int step = 0; step < 300; step++) {
                classifier.step(x, exclusiveOr, 0.01, random(step));
            }
            float[] logits = classifier.logits(x);
            for (int n = 0; n < 4; n++) {
                assertThat(logits[2 * n + exclusiveOr[n]]).isGreaterThan(logits[2 * n + 1 - exclusiveOr[n]]);
            }
            assertThat(classifier.logits(x)).as("without dropout").isEqualTo(logits);
        }
    }

    @Test
    void step_ofHiddenLayer_dropsByItsSourceOnly() {
        double first = lossWithDropout(1);
        assertThat(lossWithDropout(1)).isEqualTo(first);
        assertThat(lossWithDropout(2)).isNotEqualTo(first);
    }

    @Test
    void startFrom_weightsOfAnEncoder_seesItsFeatures() throws UndecodableImageException {
        List<byte[]> images = images(3);
        Safetensors file = encoder(4);
        ImageInputs inputs = new ImageInputs(ENCODER, AUGMENT);
        try (FrozenEncoder frozen = new FrozenEncoder(torch, ENCODER, file);
                Classifier whole = Classifier.onImages(torch, ENCODER, new LinearHead(2), PLAIN, 3);
                Classifier head = Classifier.onFeatures(torch, frozen.features(), new LinearHead(2), PLAIN, 3)) {
            whole.startFrom(file);
            float[] expected = head.logits(frozen.embed(images)); // the same seed gives the same head
            float[] actual = whole.logits(inputs.centred(images));
            for (int i = 0; i < expected.length; i++) {
                assertThat(actual[i]).isCloseTo(expected[i], within(1e-5f));
            }
        }
    }

    @Test
    void step_onImages_trainsTheEncoderToo() throws UndecodableImageException {
        List<byte[]> images = images(8);
        int[] labels = {0, 1, 1, 0, 1, 0, 0, 1};
        float[] centred = new ImageInputs(ENCODER, AUGMENT).centred(images);
        try (Classifier classifier =
                Classifier.onImages(torch, ENCODER, new LinearHead(2), OptimiserRule.sgd(0.9, true, 0), 11)) {
            double first = classifier.step(centred, labels, 0.02, random(0));
            double last = first;
            for (int step = 1; step < 30; step++) {
                last = classifier.step(centred, labels, 0.02, random(step));
            }
            assertThat(first).isCloseTo(Math.log(2), within(0.3));
            assertThat(last)
                    .as("random labels of noise, which only the encoder can tell apart")
                    .isLessThan(0.1);
        }
    }

    @Test
    void startFrom_otherArchitecture_says() {
        EncoderConfig larger = TestEncoders.encoder("resnet18", "cifar", 16, 3);
        try (Classifier classifier = Classifier.onImages(torch, larger, new LinearHead(2), PLAIN, 3)) {
            assertThatThrownBy(() -> classifier.startFrom(encoder(4)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("conv1.weight must have the shape [64, 3, 3, 3]");
        }
    }

    @Test
    void step_wrongNumberOfValues_says() {
        try (Classifier classifier = Classifier.onFeatures(torch, 4, new LinearHead(2), PLAIN, 3)) {
            assertThatThrownBy(() -> classifier.step(new float[7], new int[] {0, 1}, 1, random(0)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("2 inputs must have 8 values, but had 7");
        }
    }

    private float[] trainedOnFeatures(long seed) {
        Head head = new HiddenLayerHead(3, 16, 0.2);
        float[] x = values(62, 6 * 4);
        try (Classifier classifier = Classifier.onFeatures(torch, 4, head, OptimiserRule.sgd(0.9, false, 0), seed)) {
            for (int step = 0; step < 5; step++) {
                classifier.step(x, new int[] {0, 1, 2, 0, 1, 2}, 0.1, random(step));
            }
            return classifier.logits(x);
        }
    }

    private double lossWithDropout(long source) {
        Head head = new HiddenLayerHead(2, 32, 0.5);
        try (Classifier classifier = Classifier.onFeatures(torch, 4, head, PLAIN, 9)) {
            return classifier.step(values(63, 4 * 4), new int[] {0, 1, 0, 1}, 0.1, random(source));
        }
    }

    private static float[] values(long seed, int count) {
        System.out.println("seed " + seed);
        float[] values = new float[count];
        RandomGenerator random = random(seed);
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static RandomGenerator random(long index) {
        return CounterRandom.of(17, 0, CounterRandom.Purpose.PROBE, index);
    }

    private static List<byte[]> images(int count) {
        List<byte[]> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            images.add(TestImages.write(TestImages.noise(16, 16, i), "png"));
        }
        return images;
    }

    private static Safetensors encoder(long seed) {
        try (Weights weights = TestEncoders.weights(ENCODER, seed)) {
            return Safetensors.parse(weights.snapshot("").toBytes());
        }
    }
}

package org.millrace.trainer.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.ImageOffset;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.KeyStore;
import org.millrace.keystore.KeyStoreSettings;
import org.millrace.trainer.TestRuns;
import org.millrace.trainer.objective.InfoNce.Contrast;

/** {@code moco.mask-segment}: which keys a query is not compared with, against plain loops. */
final class SegmentMaskTest {
    private static final int KEYS = 14;
    private static final int QUERIES = 6;
    private static final int DIMENSION = 5;
    private static final double T = 0.1;
    private static final long SEED = 38;

    private final Torch torch = TestRuns.torch();
    private final NDManager scope = torch.newManager();
    private final RandomGenerator random = CounterRandom.of(SEED, 0, Purpose.SHUFFLE, 0);
    private final KeyStore store = new KeyStoreSettings("images", DIMENSION, KEYS).openInMemory();
    private final Dictionary dictionary = new Dictionary(torch, store, KEYS, DIMENSION, 1);

    /** An image and its segment, by where they lie. */
    private record Framed(ImageOffset at, OptionalLong segment) {
        boolean sharesSegment(Framed other) {
            return segment.isPresent() && segment.equals(other.segment) && at.partition() == other.at.partition();
        }
    }

    @AfterEach
    void close() {
        dictionary.close();
        scope.close();
    }

    @Test
    void ownSegments_ringFilledAndWrapped_theKeysOfTheQuerysOwnSegment() {
        List<Framed> rows = new ArrayList<>(); // by row of the ring
        for (int row = 0; row < KEYS; row++) {
            rows.add(new Framed(new ImageOffset(0, 0), OptionalLong.empty()));
        }
        int arrived = 0;
        for (int step = 1; step <= 7; step++) {
            List<Framed> keys = frames(4);
            dictionary.enqueue(unitRows(4), step, offsets(keys), segments(keys));
            for (Framed key : keys) {
                rows.set(arrived++ % KEYS, key);
            }
            List<Framed> queries = frames(QUERIES);
            float[] expected = new float[QUERIES * KEYS];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = queries.get(i / KEYS).sharesSegment(rows.get(i % KEYS)) ? -1e9f : 0;
            }
            assertThat(mask(dictionary, queries))
                    .as("step %d, seed %d", step, SEED)
                    .containsExactly(expected);
            try (Dictionary reopened = new Dictionary(torch, store, KEYS, DIMENSION, 1)) {
                assertThat(mask(reopened, queries)).containsExactly(expected);
            }
        }
        dictionary.restore(0);
        assertThat(mask(dictionary, frames(QUERIES))).containsOnly(0);
    }

    @Test
    void withDictionary_mask_lossAndGradientOfTheOtherKeysAlone() {
        float[] mask = new float[QUERIES * KEYS];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = i / KEYS == 0 || random.nextInt(3) == 0 ? -1e9f : 0; // of the first query, all
        }
        NDArray queries = unitRows(QUERIES);
        queries.setRequiresGradient(true);
        NDArray keys = unitRows(QUERIES);
        NDArray negatives = unitRows(KEYS);
        NDArray masked = scope.create(mask, new Shape(QUERIES, KEYS));
        double loss;
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            Contrast contrast = InfoNce.ofUnitRows(queries, keys, negatives, Optional.of(masked), T);
            NDArray value = contrast.loss();
            collector.backward(value);
            loss = value.getFloat();
        }
        double[] expected = new double[QUERIES * DIMENSION];
        double sum = 0;
        for (int i = 0; i < QUERIES; i++) {
            sum += plain(i, queries.toFloatArray(), keys.toFloatArray(), negatives.toFloatArray(), mask, expected);
        }
        assertThat(loss).as("seed %d", SEED).isCloseTo(sum / QUERIES, within(1e-5));
        float[] gradient = queries.getGradient().toFloatArray();
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) gradient[i]).isCloseTo(expected[i], within(1e-5));
        }
        assertThat(gradient).startsWith(0, 0, 0, 0, 0); // nothing is left to tell the first query's key from
    }

    // −log softmax of the positive among it and the keys that count; adds the gradient of the mean over all queries
    private static double plain(
            int query, float[] queries, float[] keys, float[] negatives, float[] mask, double[] gradient) {
        double positive = Math.exp(dot(queries, query, keys, query) / T);
        double all = positive;
        for (int key = 0; key < KEYS; key++) {
            all += mask[query * KEYS + key] == 0 ? Math.exp(dot(queries, query, negatives, key) / T) : 0;
        }
        for (int j = 0; j < DIMENSION; j++) {
            double slope = (positive / all - 1) * keys[query * DIMENSION + j];
            for (int key = 0; key < KEYS; key++) {
                slope += mask[query * KEYS + key] == 0
                        ? Math.exp(dot(queries, query, negatives, key) / T) / all * negatives[key * DIMENSION + j]
                        : 0;
            }
            gradient[query * DIMENSION + j] = slope / T / QUERIES;
        }
        return -Math.log(positive / all);
    }

    private static double dot(float[] one, int row, float[] other, int otherRow) {
        double sum = 0;
        for (int j = 0; j < DIMENSION; j++) {
            sum += one[row * DIMENSION + j] * other[otherRow * DIMENSION + j];
        }
        return sum;
    }

    private float[] mask(Dictionary of, List<Framed> queries) {
        NDArray views = scope.zeros(new Shape(QUERIES, 1));
        List<ImageOffset> images = offsets(queries);
        Batch batch = new Batch(1, images, TestRuns.ids(images), segments(queries), List.of(views, views));
        return of.ownSegments(batch, scope).add(0).toFloatArray(); // where it is −0, 0
    }

    private List<Framed> frames(int count) {
        List<Framed> frames = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int segment = random.nextInt(4) - 1;
            frames.add(new Framed(
                    new ImageOffset(random.nextInt(2), random.nextInt(100)),
                    segment < 0 ? OptionalLong.empty() : OptionalLong.of(segment)));
        }
        return frames;
    }

    private static List<ImageOffset> offsets(List<Framed> frames) {
        return frames.stream().map(Framed::at).toList();
    }

    private static List<OptionalLong> segments(List<Framed> frames) {
        return frames.stream().map(Framed::segment).toList();
    }

    private NDArray unitRows(int count) {
        float[] values = new float[count * DIMENSION];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return InfoNce.unit(scope.create(values, new Shape(count, DIMENSION)));
    }
}

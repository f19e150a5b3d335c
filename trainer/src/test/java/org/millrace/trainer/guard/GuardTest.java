package org.millrace.trainer.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.tensor.Gradients;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;
import org.millrace.trainer.TestRuns;
import org.millrace.trainer.objective.Encoded;
import org.millrace.trainer.objective.Heads;

/** The guard's loss and its gradient against plain Java in doubles. */
final class GuardTest {
    private static final long SEED = 5;
    private static final int N = 6; // images
    private static final int D = 64; // ResNet-20's features
    private static final int H = 7; // hidden
    private static final double EPSILON = 1e-5; // of batch norm
    private static final double STEP = 1e-4;

    private final Torch torch = TestRuns.torch();

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void distance_twoViews_valueAndGradientAreThoseOfPlainJava(boolean centred) {
        MillraceConfig config =
                TestRuns.config("guard.teacher=initial", "guard.hidden=" + H, "guard.centred=" + centred);
        WeightLayout layout = new WeightLayout();
        Heads.guard(config).orElseThrow().declare(layout);
        try (Weights head = Weights.forTrying(torch, layout).requireGradient();
                Guard guard = Guard.of(config, torch).orElseThrow();
                Teacher teacher = new Teacher(config, torch);
                NDManager scope = torch.newManager()) {
            guard.teach(teacher.file());
            NDArray first = scope.create(random(1, N * 3 * 16 * 16), new Shape(N, 3, 16, 16));
            NDArray second = scope.create(random(2, N * 3 * 16 * 16), new Shape(N, 3, 16, 16));
            NDArray features = scope.create(random(3, N * D), new Shape(N, D));
            NDArray others = scope.create(random(4, N * D), new Shape(N, D));
            features.setRequiresGradient(true);

            NDArray distance = Gradients.recorded(() -> {
                var weights = head.tensors(scope);
                NDArray found = guard.distance(
                        List.of(new Encoded(first, features, weights), new Encoded(second, others, weights)), scope);
                Gradients.backward(found);
                return found;
            });

            double[] a = doubles(head.parameters());
            double[] z = doubles(features);
            double[] other = doubles(others);
            double[][] wanted = {doubles(teacher.features(first, scope)), doubles(teacher.features(second, scope))};
            assertThat((double) distance.getFloat())
                    .isCloseTo(
                            reference(a, z, wanted[0], centred) + reference(a, other, wanted[1], centred),
                            within(1e-5));
            float[] ofFeatures = features.getGradient().toFloatArray();
            for (int i = 0; i < z.length; i += 5) {
                assertThat((double) ofFeatures[i])
                        .as("feature %d, seed %d", i, SEED)
                        .isCloseTo(slope(z, i, x -> reference(a, x, wanted[0], centred)), within(2e-5));
            }
            float[] ofHead = head.gradient().toFloatArray();
            for (int i = 0; i < a.length; i += 3) {
                double slope =
                        slope(a, i, x -> reference(x, z, wanted[0], centred) + reference(x, other, wanted[1], centred));
                assertThat((double) ofHead[i]).as("weight %d, seed %d", i, SEED).isCloseTo(slope, within(2e-5));
            }
        }
    }

    @Test
    void distance_withoutPredictor_comparesTheFeaturesThemselves() {
        MillraceConfig bare = TestRuns.config("guard.teacher=initial", "guard.hidden=0");
        assertThat(Heads.guard(bare)).isEmpty();
        try (Guard guard = Guard.of(bare, torch).orElseThrow();
                Teacher teacher = new Teacher(bare, torch);
                NDManager scope = torch.newManager()) {
            guard.teach(teacher.file());
            NDArray views = scope.create(random(1, N * 3 * 16 * 16), new Shape(N, 3, 16, 16));
            NDArray wanted = teacher.features(views, scope);
            NDArray others = scope.create(random(3, N * D), new Shape(N, D));
            WeightLayout none = new WeightLayout();
            none.convolution("unused", 1, 1, 1);
            try (Weights weights = Weights.forTrying(torch, none)) {
                var tensors = weights.tensors(scope);
                assertThat(guard.distance(List.of(new Encoded(views, wanted, tensors)), scope)
                                .getFloat())
                        .isCloseTo(0, within(1e-6f));
                assertThat((double) guard.distance(List.of(new Encoded(views, others, tensors)), scope)
                                .getFloat())
                        .isCloseTo(halfDistance(fromMean(doubles(others)), fromMean(doubles(wanted))), within(1e-5));
            }
        }
    }

    /** The teacher sees as encoders are evaluated: an image's features do not depend on its batch. */
    @Test
    void features_imageAlone_asInABatch() {
        MillraceConfig config = TestRuns.config("guard.teacher=initial");
        try (Teacher teacher = new Teacher(config, torch);
                NDManager scope = torch.newManager()) {
            NDArray images = scope.create(random(1, N * 3 * 16 * 16), new Shape(N, 3, 16, 16));
            float[] together = teacher.features(images, scope).get("0:1").toFloatArray();
            float[] alone = teacher.features(images.get("0:1"), scope).toFloatArray();
            for (int i = 0; i < D; i++) {
                assertThat(alone[i]).isCloseTo(together[i], within(1e-4f));
            }
            assertThat(teacher.features(images, scope).hasGradient()).isFalse();
        }
    }

    @Test
    void rate_afterItsHalfLife_halfIsLeft() {
        assertThat(Math.pow(Teacher.rate(40), 40)).isCloseTo(0.5, within(1e-12));
    }

    private interface OfValues {
        double at(double[] values);
    }

    private static double slope(double[] values, int index, OfValues function) {
        double[] moved = values.clone();
        moved[index] = values[index] + STEP;
        double above = function.at(moved);
        moved[index] = values[index] - STEP;
        return (above - function.at(moved)) / (2 * STEP);
    }

    // half of 1 − cos, mean over the rows; a: H×D, H, scale H, shift H, D×H, D one after the other
    private static double reference(double[] a, double[] z, double[] wanted, boolean centred) {
        double[][] hidden = new double[N][H];
        for (int n = 0; n < N; n++) {
            for (int h = 0; h < H; h++) {
                hidden[n][h] = a[H * D + h];
                for (int d = 0; d < D; d++) {
                    hidden[n][h] += a[h * D + d] * z[n * D + d];
                }
            }
        }
        int scale = H * D + H;
        int shift = scale + H;
        int second = shift + H;
        for (int h = 0; h < H; h++) {
            double mean = 0;
            double square = 0;
            for (int n = 0; n < N; n++) {
                mean += hidden[n][h] / N;
            }
            for (int n = 0; n < N; n++) {
                square += (hidden[n][h] - mean) * (hidden[n][h] - mean) / N;
            }
            for (int n = 0; n < N; n++) {
                double normal = (hidden[n][h] - mean) / Math.sqrt(square + EPSILON);
                hidden[n][h] = Math.max(0, a[scale + h] * normal + a[shift + h]);
            }
        }
        double[] predicted = new double[N * D];
        for (int n = 0; n < N; n++) {
            for (int d = 0; d < D; d++) {
                predicted[n * D + d] = a[second + D * H + d];
                for (int h = 0; h < H; h++) {
                    predicted[n * D + d] += a[second + d * H + h] * hidden[n][h];
                }
            }
        }
        return centred ? halfDistance(fromMean(predicted), fromMean(wanted)) : halfDistance(predicted, wanted);
    }

    private static double[] fromMean(double[] rows) {
        double[] centred = rows.clone();
        for (int d = 0; d < D; d++) {
            double mean = 0;
            for (int n = 0; n < N; n++) {
                mean += rows[n * D + d] / N;
            }
            for (int n = 0; n < N; n++) {
                centred[n * D + d] -= mean;
            }
        }
        return centred;
    }

    // half of 1 − cos, mean over the rows
    private static double halfDistance(double[] rows, double[] others) {
        double distance = 0;
        for (int n = 0; n < N; n++) {
            double product = 0;
            double own = 0;
            double other = 0;
            for (int d = n * D; d < (n + 1) * D; d++) {
                product += rows[d] * others[d];
                own += rows[d] * rows[d];
                other += others[d] * others[d];
            }
            distance += (1 - product / Math.sqrt(own * other)) / N;
        }
        return distance / 2;
    }

    private static float[] random(int stream, int size) {
        var random = new SplittableRandom(SEED * 1000 + stream);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static double[] doubles(NDArray array) {
        float[] values = array.toFloatArray();
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }
}

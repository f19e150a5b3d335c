package org.millrace.trainer.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.network.MultilayerPerceptron;
import org.millrace.encoder.network.MultilayerPerceptron.Norm;
import org.millrace.encoder.tensor.InPlace;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.keystore.KeyBatch;
import org.millrace.keystore.KeyStore;
import org.millrace.keystore.MemoryBank;
import org.millrace.trainer.TestRuns;
import org.millrace.trainer.objective.TestObjectives.Matrix;

/**
 * What each objective makes of its parts, on networks that are one matrix: which view asks which, what is a constant, what is summed.
 * Loss and gradient are held against the paper's formula, written out here in doubles, and its central differences.
 */
final class ObjectiveWiringTest {
    private static final long SEED = 5;
    private static final int IMAGES = TestRuns.BATCH;
    private static final int INPUTS = 5;
    private static final int OUTPUTS = 3;
    private static final int QUEUE = 20;
    private static final double T = 0.3;
    private static final double STEP = 1e-5; // of the differences

    private final Torch torch = TestRuns.torch();
    private final NDManager scope = torch.newManager();
    private final Random random = new Random(SEED);
    private final double[][] first = random(IMAGES, INPUTS);
    private final double[][] second = random(IMAGES, INPUTS);
    private final double[][] slow = random(INPUTS, OUTPUTS); // the momentum encoder's matrix
    private List<OptionalLong> segments = Collections.nCopies(IMAGES, OptionalLong.empty());

    ObjectiveWiringTest() {
        System.out.println("seed " + SEED);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void moco_lossAndGradient(boolean symmetric) {
        MillraceConfig config = config("moco-v2", "trainer.symmetric=" + symmetric);
        double[][] queue = unit(random(QUEUE, OUTPUTS));
        try (KeyStore keys = TestRuns.keys(config);
                var moco = new MomentumContrast(config, matrix(), torch, keys)) {
            InPlace.overwrite(moco.dictionary().rows(), floats(queue));
            prepare(moco);
            check(moco, at -> {
                double[][] w = matrix(at);
                double one = dictionaryLoss(unit(times(first, w)), unit(times(second, slow)), queue);
                return symmetric ? one + dictionaryLoss(unit(times(second, w)), unit(times(first, slow)), queue) : one;
            });
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void moco_maskSegment_lossAndGradientWithoutTheKeysOfTheQuerysSegment(boolean symmetric) {
        MillraceConfig config = config("moco-v2", "trainer.symmetric=" + symmetric, "moco.mask-segment=true");
        double[][] queue = unit(random(QUEUE, OUTPUTS));
        List<OptionalLong> everySecond = new ArrayList<>();
        for (int row = 0; row < QUEUE; row++) {
            everySecond.add(row % 2 == 0 ? OptionalLong.of(0) : OptionalLong.empty());
        }
        List<ImageOffset> images = IntStream.range(0, QUEUE)
                .mapToObj(row -> new ImageOffset(0, row))
                .toList();
        double[][] others = IntStream.range(0, QUEUE)
                .filter(row -> row % 2 == 1)
                .mapToObj(row -> queue[row])
                .toArray(double[][]::new);
        segments = Collections.nCopies(IMAGES, OptionalLong.of(0));
        try (KeyStore keys = TestRuns.keys(config)) {
            keys.append(new KeyBatch(1, OUTPUTS, floats(queue), images, everySecond));
            try (var moco = new MomentumContrast(config, matrix(), torch, keys)) {
                prepare(moco);
                check(moco, at -> {
                    double[][] w = matrix(at);
                    double one = dictionaryLoss(unit(times(first, w)), unit(times(second, slow)), others);
                    return symmetric
                            ? one + dictionaryLoss(unit(times(second, w)), unit(times(first, slow)), others)
                            : one;
                });
            }
        }
    }

    @Test
    void mocoV3_lossAndGradient() {
        MillraceConfig config = config("moco-v3");
        try (var moco = new MocoV3(config, torch, matrix(), predictor())) {
            prepare(moco);
            check(
                    moco,
                    at -> 2 * T * batchLoss(unit(predicted(first, at)), unit(times(second, slow)))
                            + 2 * T * batchLoss(unit(predicted(second, at)), unit(times(first, slow))));
        }
    }

    @Test
    void byol_lossAndGradient() {
        MillraceConfig config = config("byol");
        try (var byol = new Byol(config, torch, matrix(), predictor())) {
            prepare(byol);
            check(
                    byol,
                    at -> meanSquaredDistance(unit(predicted(first, at)), unit(times(second, slow)))
                            + meanSquaredDistance(unit(predicted(second, at)), unit(times(first, slow))));
        }
    }

    /** What a step reports as its momentum is what moved the momentum encoder, whatever its paper counts from. */
    @Test
    void follow_cosineSchedule_movesByTheMomentumThatIsReported() {
        String cosine = "momentum-schedule=cosine";
        MillraceConfig moco = config("moco-v2", "moco." + cosine, "optimiser.total-steps=20");
        MillraceConfig v3 = config("moco-v3", "moco." + cosine, "optimiser.total-steps=20");
        MillraceConfig byol = config("byol", "byol." + cosine, "optimiser.total-steps=20");
        try (KeyStore keys = TestRuns.keys(moco)) {
            assertThatItMovesByItsMomentum(new MomentumContrast(moco, matrix(), torch, keys));
            assertThatItMovesByItsMomentum(new MocoV3(v3, torch, matrix(), predictor()));
            assertThatItMovesByItsMomentum(new Byol(byol, torch, matrix(), predictor()));
        }
    }

    private void assertThatItMovesByItsMomentum(Objective made) {
        try (Objective objective = made) {
            for (long step = 1; step <= 22; step++) {
                prepare(objective);
                float[] query = objective.query().parameters().toFloatArray();
                NDArray key = objective.key().orElseThrow().parameters();
                float[] wanted = key.toFloatArray();
                double momentum = objective.momentum(step).orElseThrow();
                for (int i = 0; i < wanted.length; i++) {
                    wanted[i] = (float) (momentum * wanted[i] + (1 - momentum) * query[i]);
                }
                objective.follow(step);
                assertThat(key.toFloatArray()).as("step %d", step).containsExactly(wanted, within(1e-6f));
            }
        }
    }

    @Test
    void simclr_lossAndGradient() {
        try (var simclr = new Simclr(config("simclr"), torch, matrix())) {
            prepare(simclr);
            check(simclr, at -> {
                double[][] w = matrix(at);
                List<double[]> views = new ArrayList<>(List.of(unit(times(first, w))));
                views.addAll(List.of(unit(times(second, w))));
                double sum = 0;
                for (int i = 0; i < 2 * IMAGES; i++) {
                    List<Double> logits = new ArrayList<>();
                    int own = 0;
                    for (int j = 0; j < 2 * IMAGES; j++) {
                        if (j != i) {
                            own = j == (i + IMAGES) % (2 * IMAGES) ? logits.size() : own;
                            logits.add(dot(views.get(i), views.get(j)) / T);
                        }
                    }
                    sum += crossEntropy(logits, own);
                }
                return sum / (2 * IMAGES);
            });
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void endToEnd_lossAndGradientThroughBothViews(boolean symmetric) {
        MillraceConfig config = config("end-to-end", "trainer.symmetric=" + symmetric);
        try (var objective = new EndToEnd(config, torch, matrix())) {
            prepare(objective);
            check(objective, at -> {
                double[][] queries = unit(times(first, matrix(at)));
                double[][] keys = unit(times(second, matrix(at)));
                double forth = batchLoss(queries, keys);
                return symmetric ? (forth + batchLoss(keys, queries)) / 2 : forth;
            });
        }
    }

    /** Each view against the teacher's features of the same view, both from their batch's mean. */
    @Test
    void distill_lossAndGradient() {
        MillraceConfig config = config("distill");
        WeightLayout layout = new WeightLayout();
        matrix().declare(layout);
        var teacher = new FixedEncoder(
                layout, (views, tensors) -> matrix().forward(views, tensors, BatchNormMode.EVALUATION), torch, 0);
        InPlace.overwrite(teacher.weights().parameters(), floats(slow));
        try (var objective = new Distillation(config, torch, matrix(), teacher, "digest")) {
            prepare(objective);
            check(objective, at -> {
                double[][] w = matrix(at);
                return (centredDistance(times(first, w), times(first, slow))
                                + centredDistance(times(second, w), times(second, slow)))
                        / 2;
            });
        }
    }

    // 1 − cos of the rows from their mean, averaged
    private static double centredDistance(double[][] predictions, double[][] wanted) {
        double[][] one = unit(centred(predictions));
        double[][] two = unit(centred(wanted));
        double sum = 0;
        for (int i = 0; i < one.length; i++) {
            sum += 1 - dot(one[i], two[i]);
        }
        return sum / one.length;
    }

    private static double[][] centred(double[][] rows) {
        double[][] centred = new double[rows.length][OUTPUTS];
        for (int j = 0; j < OUTPUTS; j++) {
            double mean = 0;
            for (double[] row : rows) {
                mean += row[j] / rows.length;
            }
            for (int i = 0; i < rows.length; i++) {
                centred[i][j] = rows[i][j] - mean;
            }
        }
        return centred;
    }

    /** Half of the images have rows; for the others the second view's feature stands in, as a constant. */
    @Test
    void memoryBank_fullSoftmax_lossGradientAndRowsAfterwards() {
        double share = 0.3; // not a half, which would hide an exchange
        MillraceConfig config = config(
                "memory-bank",
                "memory-bank.loss=full-softmax",
                "memory-bank.capacity=30",
                "memory-bank.momentum=" + share);
        double[][] rows = unit(random(IMAGES / 2, OUTPUTS));
        try (MemoryBank bank = TestRuns.memory(config).asBank();
                var objective = new InstanceDiscrimination(config, torch, matrix(), bank)) {
            prepare(objective);
            var known = TestRuns.images(1).subList(0, rows.length);
            bank.update(
                    TestRuns.ids(known).stream().map(id -> id.orElseThrow()).toList(),
                    new KeyBatch(1, OUTPUTS, floats(rows), known));
            double[] start = parameters(objective);
            double[][] standIns = unit(times(second, matrix(start)));
            Loss loss = check(objective, at -> {
                double[][] features = unit(times(first, matrix(at)));
                double sum = 0;
                for (int i = 0; i < IMAGES; i++) {
                    List<Double> logits = new ArrayList<>();
                    logits.add(dot(features[i], i < rows.length ? rows[i] : standIns[i]) / T);
                    for (int j = 0; j < IMAGES; j++) {
                        if (j != i) {
                            logits.add(dot(features[i], j < rows.length ? rows[j] : standIns[j]) / T);
                        }
                    }
                    sum += crossEntropy(logits, 0);
                }
                return sum / IMAGES;
            });
            double[][] features = unit(times(first, matrix(start)));
            double[][] after = new double[IMAGES][OUTPUTS];
            for (int i = 0; i < IMAGES; i++) {
                for (int j = 0; j < OUTPUTS; j++) {
                    after[i][j] = i < rows.length ? share * rows[i][j] + (1 - share) * features[i][j] : features[i][j];
                }
            }
            float[] wanted = floats(unit(after));
            assertThat(loss.keys().orElseThrow().toFloatArray()).containsExactly(wanted, within(1e-5f));
        }
    }

    private static MillraceConfig config(String objective, String... settings) {
        String temperature = switch (objective) {
            case "moco-v2", "moco-v3" -> "moco.temperature=" + T;
            case "byol" -> "byol.momentum=0.9"; // it has no temperature
            case "distill" -> "distill.teacher=not-read.safetensors"; // nor has it
            default -> objective + ".temperature=" + T;
        };
        List<String> all =
                new ArrayList<>(List.of("trainer.objective=" + objective, "head.output=" + OUTPUTS, temperature));
        all.addAll(List.of(settings));
        return TestRuns.config(all.toArray(String[]::new));
    }

    private static Matrix matrix() {
        return new Matrix(INPUTS, OUTPUTS);
    }

    // one linear layer
    private static MultilayerPerceptron predictor() {
        return new MultilayerPerceptron(Heads.PREDICTOR, List.of(OUTPUTS, OUTPUTS), Norm.NONE, Norm.NONE);
    }

    // random weights, others in the key network than in the query's
    private void prepare(Objective objective) {
        NDArray parameters = objective.query().parameters();
        InPlace.overwrite(parameters, floats(random(1, (int) parameters.size())));
        objective.key().ifPresent(key -> InPlace.overwrite(key.parameters(), floats(slow)));
    }

    private Loss check(Objective objective, ToDoubleFunction<double[]> formula) {
        double[] at = parameters(objective);
        Batch batch = new Batch(
                2,
                TestRuns.images(1),
                TestRuns.ids(TestRuns.images(1)),
                segments,
                List.of(
                        scope.create(floats(first), new Shape(IMAGES, INPUTS)),
                        scope.create(floats(second), new Shape(IMAGES, INPUTS))));
        Targets targets = objective.targets(batch, scope);
        Loss loss;
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            loss = objective.loss(batch, targets, scope);
            collector.backward(loss.value());
        }
        assertThat((double) loss.value().getFloat()).isCloseTo(formula.applyAsDouble(at), within(1e-5));
        float[] gradient;
        try (NDArray handle = objective.query().gradient()) {
            gradient = handle.toFloatArray();
        }
        float[] differences = new float[at.length];
        for (int i = 0; i < at.length; i++) {
            double[] above = at.clone();
            above[i] += STEP;
            double[] below = at.clone();
            below[i] -= STEP;
            differences[i] = (float) ((formula.applyAsDouble(above) - formula.applyAsDouble(below)) / (2 * STEP));
        }
        assertThat(gradient).containsExactly(differences, within(1e-5f));
        return loss;
    }

    private static double[] parameters(Objective objective) {
        float[] values = objective.query().parameters().toFloatArray();
        double[] doubles = new double[values.length];
        Arrays.setAll(doubles, i -> values[i]);
        return doubles;
    }

    // −log softmax of q·k/T among q·k/T and q·n/T, mean
    private static double dictionaryLoss(double[][] queries, double[][] keys, double[][] negatives) {
        double sum = 0;
        for (int i = 0; i < queries.length; i++) {
            List<Double> logits = new ArrayList<>();
            logits.add(dot(queries[i], keys[i]) / T);
            for (double[] negative : negatives) {
                logits.add(dot(queries[i], negative) / T);
            }
            sum += crossEntropy(logits, 0);
        }
        return sum / queries.length;
    }

    private static double batchLoss(double[][] queries, double[][] keys) {
        double sum = 0;
        for (int i = 0; i < queries.length; i++) {
            List<Double> logits = new ArrayList<>();
            for (double[] key : keys) {
                logits.add(dot(queries[i], key) / T);
            }
            sum += crossEntropy(logits, i);
        }
        return sum / queries.length;
    }

    private static double meanSquaredDistance(double[][] left, double[][] right) {
        double sum = 0;
        for (int i = 0; i < left.length; i++) {
            for (int j = 0; j < left[i].length; j++) {
                sum += (left[i][j] - right[i][j]) * (left[i][j] - right[i][j]);
            }
        }
        return sum / left.length;
    }

    private static double crossEntropy(List<Double> logits, int positive) {
        return Math.log(logits.stream().mapToDouble(Math::exp).sum()) - logits.get(positive);
    }

    // the leading parameters, I×C
    private static double[][] matrix(double[] parameters) {
        double[][] matrix = new double[INPUTS][];
        Arrays.setAll(matrix, i -> Arrays.copyOfRange(parameters, i * OUTPUTS, (i + 1) * OUTPUTS));
        return matrix;
    }

    // through the matrix, then the linear layer behind it: weights by output, then biases
    private static double[][] predicted(double[][] views, double[] parameters) {
        double[][] projected = times(views, matrix(parameters));
        int weights = INPUTS * OUTPUTS;
        double[][] predicted = new double[views.length][OUTPUTS];
        for (int i = 0; i < views.length; i++) {
            for (int j = 0; j < OUTPUTS; j++) {
                int from = weights + j * OUTPUTS;
                predicted[i][j] = dot(projected[i], Arrays.copyOfRange(parameters, from, from + OUTPUTS))
                        + parameters[weights + OUTPUTS * OUTPUTS + j];
            }
        }
        return predicted;
    }

    private static double[][] times(double[][] left, double[][] right) {
        double[][] product = new double[left.length][right[0].length];
        for (int i = 0; i < left.length; i++) {
            for (int j = 0; j < right.length; j++) {
                for (int k = 0; k < right[j].length; k++) {
                    product[i][k] += left[i][j] * right[j][k];
                }
            }
        }
        return product;
    }

    private static double[][] unit(double[][] rows) {
        double[][] unit = new double[rows.length][];
        Arrays.setAll(unit, i -> {
            double norm = Math.sqrt(dot(rows[i], rows[i]));
            return Arrays.stream(rows[i]).map(x -> x / norm).toArray();
        });
        return unit;
    }

    private static double dot(double[] left, double[] right) {
        double sum = 0;
        for (int i = 0; i < left.length; i++) {
            sum += left[i] * right[i];
        }
        return sum;
    }

    // floats in doubles, so that both sides begin with the same numbers
    private double[][] random(int rows, int columns) {
        double[][] values = new double[rows][columns];
        for (double[] row : values) {
            Arrays.setAll(row, i -> (float) random.nextGaussian());
        }
        return values;
    }

    private static float[] floats(double[][] rows) {
        double[] flat = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
        float[] floats = new float[flat.length];
        for (int i = 0; i < flat.length; i++) {
            floats[i] = (float) flat[i];
        }
        return floats;
    }
}

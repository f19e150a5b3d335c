package org.millrace.evaluator.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.millrace.encoder.matrix.FeatureMatrix;

final class LogisticRegressionTest {
    private final Workers workers = new Workers(2);

    @AfterEach
    void close() {
        workers.close();
    }

    @Test
    void valueAndGradient_ofVector_matchReference() {
        Vectors vectors = Vectors.load("linear_probe_logreg.json");
        LogisticRegression regression = regression(vectors);
        double[] probe = concat(vectors.doubles("/inputs/W_probe"), vectors.doubles("/inputs/b_probe"));
        double[] gradient = new double[probe.length];
        double value = regression.valueAndGradient(probe, gradient);
        assertThat(vectors.close(value, vectors.number("/expected/objective_at_probe")))
                .isTrue();
        double[] expected =
                concat(vectors.doubles("/expected/grad_W_at_probe"), vectors.doubles("/expected/grad_b_at_probe"));
        assertThat(vectors.close(gradient, expected)).isTrue();
    }

    @Test
    void fit_ofVector_reachesReferenceOptimum() {
        Vectors vectors = Vectors.load("linear_probe_logreg.json");
        int classes = vectors.integer("/params/classes");
        LogisticRegression regression = regression(vectors);
        Lbfgs.Solution fit = regression.fit(new double[regression.parameters()], 1e-10, 500);
        assertThat(fit.converged).isTrue();
        assertThat(fit.gradientNorm).isLessThanOrEqualTo(1e-10);
        assertThat(fit.value).isCloseTo(vectors.number("/expected/optimum_objective"), within(1e-12));

        int weights = vectors.doubles("/expected/W").length;
        double[] w = Arrays.copyOf(fit.point, weights);
        assertThat(vectors.close(
                        fit.value - vectors.number("/params/lam") / 2 * Lbfgs.dot(w, w),
                        vectors.number("/expected/optimum_ce")))
                .isTrue();
        assertThat(vectors.close(Arrays.copyOf(fit.point, weights), vectors.doubles("/expected/W")))
                .isTrue();
        double[] bias = Arrays.copyOfRange(fit.point, weights, fit.point.length);
        double mean = Arrays.stream(bias).average().orElseThrow();
        double[] centred = Arrays.stream(bias).map(b -> b - mean).toArray();
        assertThat(vectors.close(centred, vectors.doubles("/expected/b"))).isTrue();

        LinearClassifier classifier = new LinearClassifier(classes, fit.point);
        FeatureMatrix test = vectors.matrix("/inputs/X_test");
        assertThat(vectors.close(classifier.probabilities(test), vectors.doubles("/expected/test_probabilities")))
                .isTrue();
        assertThat(classifier.predict(test)).isEqualTo(vectors.ints("/expected/test_predictions"));
        LabelledFeatures train = new LabelledFeatures(vectors.matrix("/inputs/X"), vectors.ints("/inputs/y"));
        assertThat(train.accuracy(train.hits(classifier.predict(train.features()))))
                .isEqualTo(vectors.number("/expected/train_accuracy"));
    }

    @Test
    void fit_ofRandomExamples_agreesWithGradientDescent() {
        long seed = 7301;
        System.out.println("seed " + seed);
        LabelledFeatures examples = RandomFeatures.blobs(new Random(seed), 61, 5, 4, 1.0);
        double l2 = 0.05;
        LogisticRegression regression = new LogisticRegression(examples, 4, l2, workers);
        Lbfgs.Solution fit = regression.fit(new double[regression.parameters()], 1e-9, 500);

        double[] slow = gradientDescent(examples, 4, l2, 20_000, 0.3);
        int weights = 4 * 5;
        for (int i = 0; i < weights; i++) {
            assertThat(fit.point[i]).as("weight %d", i).isCloseTo(slow[i], within(1e-6));
        }
        for (int c = 1; c < 4; c++) {
            assertThat(fit.point[weights + c] - fit.point[weights])
                    .isCloseTo(slow[weights + c] - slow[weights], within(1e-6));
        }
    }

    @Test
    void fit_onOtherNumbersOfThreads_isTheSameBitForBit() {
        long seed = 7302;
        System.out.println("seed " + seed);
        LabelledFeatures examples = RandomFeatures.blobs(new Random(seed), 501, 9, 3, 1.0);
        LogisticRegression regression = new LogisticRegression(examples, 3, 1e-3, workers);
        double[] two = regression.fit(new double[regression.parameters()], 1e-6, 200).point;
        try (Workers one = new Workers(1)) {
            double[] alone = new LogisticRegression(examples, 3, 1e-3, one)
                    .fit(new double[regression.parameters()], 1e-6, 200)
                    .point;
            assertThat(alone).isEqualTo(two);
        }
    }

    @Test
    void fit_ofCorrelatedFeatures_takesFewIterations() {
        long seed = 7304;
        System.out.println("seed " + seed);
        LabelledFeatures plain = RandomFeatures.blobs(new Random(seed), 600, 20, 3, 1.0);
        double[] mixed = plain.features().values().clone();
        for (int i = 0; i < mixed.length; i++) {
            mixed[i] = i % 20 == 0 ? mixed[i] : mixed[i - 1] + 0.05 * mixed[i];
        }
        LabelledFeatures examples = new LabelledFeatures(new FeatureMatrix(600, 20, mixed), plain.labels());
        LogisticRegression regression = new LogisticRegression(examples, 3, 1e-5, workers);
        double[] start = new double[regression.parameters()];
        Lbfgs.Solution fit = regression.fit(start, 1e-6, 500);
        Lbfgs.Solution plainly = Lbfgs.minimise(regression, Preconditioner.identity(), start, 1e-6, 5000);
        assertThat(fit.converged && plainly.converged).isTrue();
        assertThat(fit.value).isCloseTo(plainly.value, within(1e-7));
        assertThat(fit.iterations).isLessThan(plainly.iterations / 2);
    }

    @Test
    void fit_withTooFewIterations_saysNotConverged() {
        LabelledFeatures examples = RandomFeatures.blobs(new Random(7303), 100, 6, 3, 1.0);
        LogisticRegression regression = new LogisticRegression(examples, 3, 1e-5, workers);
        Lbfgs.Solution fit = regression.fit(new double[regression.parameters()], 1e-8, 2);
        assertThat(fit.converged).isFalse();
        assertThat(fit.iterations).isEqualTo(2);
    }

    private LogisticRegression regression(Vectors vectors) {
        LabelledFeatures examples = new LabelledFeatures(vectors.matrix("/inputs/X"), vectors.ints("/inputs/y"));
        return new LogisticRegression(
                examples, vectors.integer("/params/classes"), vectors.number("/params/lam"), workers);
    }

    /** The objective again, one example at a time, and plain gradient descent. */
    private static double[] gradientDescent(LabelledFeatures examples, int classes, double l2, int steps, double rate) {
        int columns = examples.features().columns();
        int rows = examples.size();
        double[] x = examples.features().values();
        double[] w = new double[classes * (columns + 1)];
        for (int step = 0; step < steps; step++) {
            double[] g = new double[w.length];
            for (int row = 0; row < rows; row++) {
                double[] p = new double[classes];
                double sum = 0;
                for (int c = 0; c < classes; c++) {
                    double logit = w[classes * columns + c];
                    for (int d = 0; d < columns; d++) {
                        logit += w[c * columns + d] * x[row * columns + d];
                    }
                    p[c] = Math.exp(logit);
                    sum += p[c];
                }
                for (int c = 0; c < classes; c++) {
                    double residual = p[c] / sum - (examples.labels()[row] == c ? 1 : 0);
                    g[classes * columns + c] += residual / rows;
                    for (int d = 0; d < columns; d++) {
                        g[c * columns + d] += residual * x[row * columns + d] / rows;
                    }
                }
            }
            for (int i = 0; i < w.length; i++) {
                w[i] -= rate * (g[i] + (i < classes * columns ? l2 * w[i] : 0));
            }
        }
        return w;
    }

    private static double[] concat(double[] first, double[] second) {
        double[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}

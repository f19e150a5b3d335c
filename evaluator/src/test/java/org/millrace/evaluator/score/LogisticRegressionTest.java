package org.millrace.evaluator.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.millrace.numerics.VectorMatrices.matrix;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.numerics.FeatureMatrix;

final class LogisticRegressionTest {
    private final Workers workers = new Workers(2);

    @AfterEach
    void close() {
        workers.close();
    }

    @Test
    void valueAndGradient_ofVector_matchReference() {
        ReferenceVector vector = ReferenceVector.load("linear_probe_logreg");
        LogisticRegression regression = regression(vector);
        double[] probe = concat(vector.doubles("W_probe"), vector.doubles("b_probe"));
        double[] gradient = new double[probe.length];
        vector.check("objective_at_probe", regression.valueAndGradient(probe, gradient));
        int weights = vector.doubles("W_probe").length;
        vector.check("grad_W_at_probe", Arrays.copyOf(gradient, weights));
        vector.check("grad_b_at_probe", Arrays.copyOfRange(gradient, weights, gradient.length));
    }

    @Test
    void fit_ofVector_reachesReferenceOptimum() {
        ReferenceVector vector = ReferenceVector.load("linear_probe_logreg");
        LogisticRegression regression = regression(vector);
        Lbfgs.Solution fit = regression.fit(new double[regression.parameters()], 1e-10, 500);
        assertThat(fit.converged).isTrue();
        assertThat(fit.gradientNorm).isLessThanOrEqualTo(1e-10);
        double optimum = vector.root().at("/expected/optimum_objective").asDouble();
        assertThat(fit.value).isCloseTo(optimum, within(1e-12)); // nearer than the vector's own tolerance

        int weights = vector.doubles("W_probe").length;
        double[] w = Arrays.copyOf(fit.point, weights);
        vector.check("optimum_ce", fit.value - vector.number("lam") / 2 * Lbfgs.dot(w, w));
        vector.check("W", w);
        double[] bias = Arrays.copyOfRange(fit.point, weights, fit.point.length);
        double mean = Arrays.stream(bias).average().orElseThrow();
        vector.check("b", Arrays.stream(bias).map(b -> b - mean).toArray());

        LinearClassifier classifier = new LinearClassifier(vector.integer("classes"), fit.point);
        FeatureMatrix test = matrix(vector, "X_test");
        vector.check("test_probabilities", classifier.probabilities(test));
        vector.check("test_predictions", classifier.predict(test));
        LabelledFeatures train = new LabelledFeatures(matrix(vector, "X"), vector.integers("y"));
        vector.check("train_accuracy", train.accuracy(train.hits(classifier.predict(train.features()))));
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

    private LogisticRegression regression(ReferenceVector vector) {
        LabelledFeatures examples = new LabelledFeatures(matrix(vector, "X"), vector.integers("y"));
        return new LogisticRegression(examples, vector.integer("classes"), vector.number("lam"), workers);
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

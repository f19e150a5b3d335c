package org.millrace.evaluator.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.millrace.numerics.VectorMatrices.matrix;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.numerics.FeatureMatrix;

final class RidgeRegressionTest {
    @Test
    void solve_ofVector_matchesReferenceWithAndWithoutIntercept() {
        ReferenceVector vector = ReferenceVector.load("linear_probe_ridge");
        RidgeRegression fit = fit(vector, true);
        vector.check("W", fit.weights());
        vector.check("b", fit.intercept());
        vector.check("objective", objective(vector, fit));
        FeatureMatrix test = matrix(vector, "X_test");
        double[] predictions = fit.predict(test);
        vector.check("test_predictions", predictions);
        int classes = fit.intercept().length;
        int[] chosen = IntStream.range(0, test.rows())
                .map(row -> LinearClassifier.argMax(predictions, row * classes, classes))
                .toArray();
        vector.check("test_argmax", chosen);
        assertThat(new ClassScores(classes, predictions).accuracy(chosen, 1)).isEqualTo(1);

        RidgeRegression withoutIntercept = fit(vector, false);
        vector.check("W_no_intercept", withoutIntercept.weights());
        vector.check("objective_no_intercept", objective(vector, withoutIntercept));
        vector.check("test_predictions_no_intercept", withoutIntercept.predict(test));
        vector.allChecked();
    }

    @Test
    void solve_ofRandomExamples_leavesNoGradient() {
        long seed = 7401;
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        FeatureMatrix x = new FeatureMatrix(40, 5, random.doubles(200, -3, 3).toArray());
        FeatureMatrix y = new FeatureMatrix(40, 2, random.doubles(80, -1, 1).toArray());
        double l2 = 0.7;
        RidgeRegression fit = new RidgeRegression.Equations(x, y, true).solve(l2);
        double[] residuals = fit.predict(x); // XW + b − Y
        for (int i = 0; i < residuals.length; i++) {
            residuals[i] -= y.values()[i];
        }
        for (int c = 0; c < 2; c++) {
            double biasGradient = 0;
            for (int n = 0; n < 40; n++) {
                biasGradient += residuals[n * 2 + c];
            }
            assertThat(biasGradient).isCloseTo(0, within(1e-10));
            for (int d = 0; d < 5; d++) {
                double gradient = l2 * fit.weights()[d * 2 + c];
                for (int n = 0; n < 40; n++) {
                    gradient += x.values()[n * 5 + d] * residuals[n * 2 + c];
                }
                assertThat(gradient).isCloseTo(0, within(1e-10));
            }
        }
    }

    @Test
    void solve_withoutPenalty_isRefused() {
        FeatureMatrix one = new FeatureMatrix(1, 1, new double[] {1});
        assertThatThrownBy(() -> new RidgeRegression.Equations(one, one, true).solve(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("l2 must be positive, but was 0.0");
    }

    @Test
    void ridgeProbe_ofFarClouds_isPerfectAndSaysWhatItTried() {
        LabelledFeatures all = RandomFeatures.blobs(new Random(47), 400, 8, 5, 0.05);
        RidgeProbe.Result result = RidgeProbe.fit(
                all.select(IntStream.range(0, 200).toArray()),
                all.select(IntStream.range(200, 400).toArray()),
                5);
        LabelledFeatures test = all.select(IntStream.range(200, 400).toArray());
        assertThat(result.scores().accuracy(test, 1)).isEqualTo(1);
        assertThat(result.trials()).extracting(Trial::value).containsExactly(1e1, 1e0, 1e-1, 1e-2, 1e-3, 1e-4);
        assertThat(result.l2PerExample()).isEqualTo(ValidationSplit.best(result.trials()));
    }

    private static RidgeRegression fit(ReferenceVector vector, boolean withIntercept) {
        return new RidgeRegression.Equations(matrix(vector, "X"), matrix(vector, "Y"), withIntercept)
                .solve(vector.number("lam"));
    }

    private static double objective(ReferenceVector vector, RidgeRegression fit) {
        return fit.objective(matrix(vector, "X"), matrix(vector, "Y"), vector.number("lam"));
    }
}

package org.millrace.evaluator.score;

import java.util.List;
import java.util.stream.IntStream;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.event.Evaluation.LinearScore;

/**
 * The linear probe: standardise on the training half, choose λ on a fifth of it, fit all of it to convergence, score the test
 * half. The same features give the same score.
 */
final class LinearProbe {
    /** From strong to weak, so that each fit starts near its end, and of equally good ones the strongest is taken. */
    private static final List<Double> GRID = List.of(1e-2, 1e-3, 1e-4, 1e-5);

    private static final double DEFAULT_L2 = 1e-3;
    private static final double CHOICE_TOLERANCE = 1e-3;
    private static final int CHOICE_ITERATIONS = 200;
    private static final double TOLERANCE = 1e-5;
    private static final int MAX_ITERATIONS = 2_000;

    private LinearProbe() {}

    static LinearScore score(LabelledFeatures train, LabelledFeatures test, int classes, Workers workers) {
        Standardiser standardiser = Standardiser.fit(train.features());
        LabelledFeatures examples = standardiser.apply(train);
        double l2 = choose(examples, classes, workers);
        LogisticRegression regression = new LogisticRegression(examples, classes, l2, workers);
        Lbfgs.Solution fit = regression.fit(new double[regression.parameters()], TOLERANCE, MAX_ITERATIONS);
        int[] predictions = new LinearClassifier(classes, fit.point).predict(standardiser.apply(test.features()));
        return new LinearScore(test.accuracy(predictions), l2, fit.iterations, fit.converged);
    }

    /** The λ of the grid that predicts a fifth of the examples best from the others. */
    private static double choose(LabelledFeatures examples, int classes, Workers workers) {
        LabelledFeatures fitted = part(examples, false);
        LabelledFeatures heldOut = part(examples, true);
        if (fitted.size() == 0 || heldOut.size() == 0) {
            return DEFAULT_L2;
        }
        double best = DEFAULT_L2;
        double bestAccuracy = -1;
        double[] parameters = new double[classes * (examples.features().columns() + 1)];
        for (double l2 : GRID) {
            LogisticRegression regression = new LogisticRegression(fitted, classes, l2, workers);
            parameters = regression.fit(parameters, CHOICE_TOLERANCE, CHOICE_ITERATIONS).point;
            double accuracy = heldOut.accuracy(new LinearClassifier(classes, parameters).predict(heldOut.features()));
            if (accuracy > bestAccuracy) {
                best = l2;
                bestAccuracy = accuracy;
            }
        }
        return best;
    }

    private static LabelledFeatures part(LabelledFeatures examples, boolean heldOut) {
        return examples.select(IntStream.range(0, examples.size())
                .filter(row -> (CounterRandom.of(0, 0, Purpose.PROBE, row).nextInt(5) == 0) == heldOut)
                .toArray());
    }
}

package org.millrace.evaluator.score;

import java.util.List;

/**
 * The linear probe: standardise on the training half, choose λ on a fifth of it, fit all of it to convergence, score the test
 * half. The same features give the same score.
 */
public final class LinearProbe {
    /** From strong to weak, so that each fit starts near its end, and of equally good ones the strongest is taken. */
    private static final List<Double> GRID = List.of(1e-2, 1e-3, 1e-4, 1e-5);

    private static final double DEFAULT_L2 = 1e-3;
    private static final double CHOICE_TOLERANCE = 1e-3;
    private static final int CHOICE_ITERATIONS = 200;
    private static final double TOLERANCE = 1e-5;
    private static final int MAX_ITERATIONS = 2_000;

    private LinearProbe() {}

    /** The probe fitted on the training half, and its probabilities for the test half. */
    public static Result fit(LabelledFeatures train, LabelledFeatures test, int classes, Workers workers) {
        Standardiser standardiser = Standardiser.fit(train.features());
        LabelledFeatures examples = standardiser.apply(train);
        List<Trial> trials = ValidationSplit.of(examples)
                .map(split -> choose(split, classes, workers))
                .orElse(List.of());
        double l2 = trials.isEmpty() ? DEFAULT_L2 : ValidationSplit.best(trials);
        LogisticRegression regression = new LogisticRegression(examples, classes, l2, workers);
        Lbfgs.Solution fit = regression.fit(new double[regression.parameters()], TOLERANCE, MAX_ITERATIONS);
        double[] probabilities =
                new LinearClassifier(classes, fit.point).probabilities(standardiser.apply(test.features()));
        return new Result(new ClassScores(classes, probabilities), l2, fit.iterations, fit.converged, trials);
    }

    /** How well each λ of the grid predicts the held-out part. */
    private static List<Trial> choose(ValidationSplit split, int classes, Workers workers) {
        double[][] parameters = {new double[classes * (split.fitted().features().columns() + 1)]};
        return split.trials(GRID, l2 -> {
            LogisticRegression regression = new LogisticRegression(split.fitted(), classes, l2, workers);
            parameters[0] = regression.fit(parameters[0], CHOICE_TOLERANCE, CHOICE_ITERATIONS).point;
            return new ClassScores(
                    classes,
                    new LinearClassifier(classes, parameters[0])
                            .probabilities(split.heldOut().features()));
        });
    }

    /**
     * A fitted probe.
     *
     * @param scores probabilities of the test half
     * @param l2 λ of ½λ‖W‖²
     * @param trials of each λ of the grid; none where there were too few examples to choose by
     */
    public record Result(ClassScores scores, double l2, int iterations, boolean converged, List<Trial> trials) {}
}

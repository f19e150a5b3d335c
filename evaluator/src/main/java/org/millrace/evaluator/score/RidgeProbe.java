package org.millrace.evaluator.score;

import java.util.List;
import org.millrace.numerics.FeatureMatrix;

/**
 * The ridge probe: standardise on the training half, choose λ on a fifth of it, solve for the one-hot labels, score the test half.
 * Its λ is given per example, as λ/N, so that one grid serves sets of every size.
 */
public final class RidgeProbe {
    /** From strong to weak: of equally good ones the strongest is taken. */
    private static final List<Double> GRID = List.of(1e1, 1e0, 1e-1, 1e-2, 1e-3, 1e-4);

    private static final double DEFAULT_L2_PER_EXAMPLE = 1e-2;

    private RidgeProbe() {}

    /** The probe fitted on the training half, and its scores of the test half. */
    public static Result fit(LabelledFeatures train, LabelledFeatures test, int classes) {
        Standardiser standardiser = Standardiser.fit(train.features());
        LabelledFeatures examples = standardiser.apply(train);
        List<Trial> trials = ValidationSplit.of(examples)
                .map(split -> choose(split, classes))
                .orElse(List.of());
        double l2 = trials.isEmpty() ? DEFAULT_L2_PER_EXAMPLE : ValidationSplit.best(trials);
        FeatureMatrix queries = standardiser.apply(test.features());
        double[] scores =
                equations(examples, classes).solve(l2 * examples.size()).predict(queries);
        return new Result(new ClassScores(classes, scores), l2, trials);
    }

    private static List<Trial> choose(ValidationSplit split, int classes) {
        RidgeRegression.Equations equations = equations(split.fitted(), classes);
        return split.trials(GRID, l2 -> {
            RidgeRegression regression = equations.solve(l2 * split.fitted().size());
            return new ClassScores(classes, regression.predict(split.heldOut().features()));
        });
    }

    private static RidgeRegression.Equations equations(LabelledFeatures examples, int classes) {
        return new RidgeRegression.Equations(examples.features(), oneHot(examples, classes), true);
    }

    private static FeatureMatrix oneHot(LabelledFeatures examples, int classes) {
        double[] values = new double[Math.multiplyExact(examples.size(), classes)];
        for (int row = 0; row < examples.size(); row++) {
            values[row * classes + examples.labels()[row]] = 1;
        }
        return new FeatureMatrix(examples.size(), classes, values);
    }

    /**
     * A fitted probe.
     *
     * @param l2PerExample λ/N
     * @param trials of each value of the grid; none where there were too few examples to choose by
     */
    public record Result(ClassScores scores, double l2PerExample, List<Trial> trials) {}
}

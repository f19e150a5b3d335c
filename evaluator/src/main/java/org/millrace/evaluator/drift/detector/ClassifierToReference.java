package org.millrace.evaluator.drift.detector;

import java.util.OptionalDouble;
import org.millrace.numerics.FeatureMatrix;

/** Accuracies of a classifier between windows and one reference, as {@link ClassifierTwoSample} has them. */
final class ClassifierToReference implements Detector {
    private final FeatureMatrix rows;
    private final long seed;

    ClassifierToReference(Reference reference) {
        this.rows = reference.rows();
        this.seed = reference.seed();
    }

    @Override
    public String name() {
        return "classifier";
    }

    @Override
    public double score(FeatureMatrix window, long step, OptionalDouble prepared) {
        return ClassifierTwoSample.between(rows, window, seed, step).accuracy();
    }

    @Override
    public double scoreOfPart(Part part) {
        return ClassifierTwoSample.between(part.others(), part.rows(), seed, part.draw())
                .accuracy();
    }
}

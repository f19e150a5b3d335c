package org.millrace.evaluator.drift.detector;

import java.util.List;
import java.util.OptionalDouble;
import org.millrace.numerics.FeatureMatrix;

/**
 * One way to compare a window with a reference, independent of other detectors and of earlier windows. Scores are low without drift;
 * {@link Calibration} finds how low, from parts of the reference.
 */
sealed interface Detector permits FrechetToReference, MeanDiscrepancy, ClassifierToReference, ComponentShift {
    /** The detectors of a reference, in the order of a report. */
    static List<Detector> of(Reference reference) {
        return List.of(
                reference.frechet(),
                MeanDiscrepancy.of(reference),
                new ClassifierToReference(reference),
                reference.components());
    }

    /** The name in reports and calibrations. */
    String name();

    /**
     * The score of a window.
     *
     * @param step differs for each window; seeds what is drawn
     * @param prepared as {@link #prepare} gave it once; empty to have it computed
     */
    double score(FeatureMatrix window, long step, OptionalDouble prepared);

    /** The score that some of the reference's own rows have against its others. Thread safe after {@link #prepare}. */
    double scoreOfPart(Part part);

    /** Computes what scores share of the reference; a number that is kept with the calibration, where it is one. */
    default OptionalDouble prepare() {
        return OptionalDouble.empty();
    }

    /**
     * The value that a report shows in place of the score.
     *
     * @param mean of the scores without drift
     * @param threshold of a p-value
     */
    default double reported(FeatureMatrix window, double score, double mean, double threshold) {
        return score;
    }
}

package org.millrace.evaluator.drift.detector;

import java.util.List;
import java.util.OptionalDouble;
import org.millrace.numerics.FeatureMatrix;

/**
 * One way to compare a window with a reference, by itself: it knows neither the other detectors nor the windows before. A score is low
 * without drift; how low, is drawn from parts of the reference ({@link Calibration}).
 */
sealed interface Detector permits FrechetToReference, MeanDiscrepancy, ClassifierToReference, ComponentShift {
    /** Those of a reference, in the order of a report. */
    static List<Detector> of(Reference reference) {
        return List.of(
                reference.frechet(),
                MeanDiscrepancy.of(reference),
                new ClassifierToReference(reference),
                reference.components());
    }

    /** As reports and calibrations call it. */
    String name();

    /**
     * The score of a window.
     *
     * @param step differs for each window, for what is drawn
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
     * What a report says of a window in place of the score.
     *
     * @param mean of the scores without drift
     * @param threshold of a p-value
     */
    default double reported(FeatureMatrix window, double score, double mean, double threshold) {
        return score;
    }
}

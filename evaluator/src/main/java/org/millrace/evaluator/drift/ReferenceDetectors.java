package org.millrace.evaluator.drift;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.millrace.contract.event.DriftReport.Detection;
import org.millrace.evaluator.score.FeatureMatrix;

/**
 * Four tests of a window against a reference, none of which knows the others, and a sequential one that adds the Fréchet distances up.
 * Their thresholds are made for an expected run of windows between false alarms, on parts of the reference itself ({@link Calibration});
 * docs/decisions/0017-drift-of-incoming-images.md says how well that holds. Not thread safe.
 */
public final class ReferenceDetectors {
    private static final double ALLOWANCE = 0.5;

    private final Reference reference;
    private final double expectedRun;
    private final Calibrations calibrations;
    private final Cusum cusum;

    /** Calibrations of this reference that were made before, by images of a window. */
    interface Calibrations {
        Optional<Calibration> get(int images);

        void put(Calibration calibration);
    }

    /**
     * Keeps its calibrations in memory.
     *
     * @param reference N×D, rows in random order
     * @param expectedRun windows between false alarms of all together
     */
    public ReferenceDetectors(FeatureMatrix reference, double expectedRun, long seed) {
        this(reference, expectedRun, seed, inMemory());
    }

    ReferenceDetectors(FeatureMatrix reference, double expectedRun, long seed, Calibrations calibrations) {
        this.reference = new Reference(reference, seed);
        this.expectedRun = expectedRun;
        this.calibrations = calibrations;
        this.cusum = Cusum.ofExpectedRun(ALLOWANCE, expectedRun / Calibration.SEQUENTIAL_SHARE);
    }

    /**
     * The detectors' answers, the sequential one's last. The first window of a size takes longer: it is calibrated for.
     *
     * @param window rows in random order, of which the first are taken, as many as {@link Calibration#sizeOf} says
     * @param step differs for each window
     * @param sum the score of the sequential one for the window before, 0 at first
     */
    public List<Detection> test(FeatureMatrix window, long step, double sum) {
        int images = Calibration.sizeOf(window.rows());
        Calibration calibration = calibrations.get(images).orElseGet(() -> {
            Calibration made = Calibration.of(reference, images, expectedRun);
            calibrations.put(made);
            return made;
        });
        double threshold = calibration.threshold();
        FeatureMatrix compared = first(window, images);
        Scores scores = reference.scores(compared, step, OptionalDouble.of(calibration.kernelTotal()));
        double[] p = calibration.pValues(scores);
        Cusum after = new Cusum(cusum.allowance(), cusum.threshold(), sum)
                .after(calibration.frechet().normalScore(scores.frechet()));
        return List.of(
                detection("frechet", scores.frechet() - calibration.frechet().mean(), p[0], threshold),
                detection("mmd", scores.discrepancy(), p[1], threshold),
                detection("classifier", scores.classifier(), p[2], threshold),
                detection("components", reference.shiftedComponents(compared, threshold), p[3], threshold),
                new Detection("cusum", after.sum(), OptionalDouble.empty(), after.threshold(), after.alarms()));
    }

    private static Detection detection(String name, double score, double pValue, double threshold) {
        return new Detection(name, score, OptionalDouble.of(pValue), threshold, pValue <= threshold);
    }

    private static FeatureMatrix first(FeatureMatrix matrix, int rows) {
        return new FeatureMatrix(rows, matrix.columns(), Arrays.copyOf(matrix.values(), rows * matrix.columns()));
    }

    private static Calibrations inMemory() {
        Map<Integer, Calibration> made = new HashMap<>();
        return new Calibrations() {
            @Override
            public Optional<Calibration> get(int images) {
                return Optional.ofNullable(made.get(images));
            }

            @Override
            public void put(Calibration calibration) {
                made.put(calibration.images(), calibration);
            }
        };
    }
}

package org.millrace.evaluator.drift.detector;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.millrace.contract.event.Attribution;
import org.millrace.contract.event.DriftReport.Detection;
import org.millrace.numerics.FeatureMatrix;

/**
 * The {@link Detector}s of a reference, and a sequential one that adds the Fréchet distances up. Their thresholds are made for an expected run of windows between false alarms, on parts of the reference itself ({@link Calibration});
 * docs/decisions/0017-drift-of-incoming-images.md says how well that holds. Not thread safe.
 */
public final class ReferenceDetectors {
    private static final double ALLOWANCE = 0.5;

    private final Reference reference;
    private final List<Detector> detectors;
    private final double expectedRun;
    private final Calibrations calibrations;
    private final Cusum cusum;

    /** Stored calibrations of this reference, by images of a window. */
    public interface Calibrations {
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

    public ReferenceDetectors(FeatureMatrix reference, double expectedRun, long seed, Calibrations calibrations) {
        this.reference = new Reference(reference, seed);
        this.detectors = Detector.of(this.reference);
        this.expectedRun = expectedRun;
        this.calibrations = calibrations;
        this.cusum = Cusum.ofExpectedRun(ALLOWANCE, expectedRun / Calibration.SEQUENTIAL_SHARE);
    }

    /**
     * The detectors' results, the sequential one's last. The first window of a size takes longer, as the detectors are calibrated for it.
     *
     * @param window rows in random order, of which the first are taken, as many as {@link Calibration#sizeOf} says
     * @param step differs for each window
     * @param sum the score of the sequential one for the window before, 0 at first; empty to leave it out
     */
    public List<Detection> test(FeatureMatrix window, long step, OptionalDouble sum) {
        Calibration calibration = calibration(window.rows());
        double threshold = calibration.threshold();
        FeatureMatrix compared = window.first(calibration.images());
        OptionalDouble risen = OptionalDouble.empty(); // the Fréchet distance, in standard deviations
        List<Detection> found = new ArrayList<>();
        for (Detector detector : detectors) {
            Calibration.Drawn drawn = calibration.of(detector.name());
            double score = detector.score(compared, step, drawn.prepared());
            double pValue = drawn.tail().pValue(score);
            found.add(new Detection(
                    detector.name(),
                    detector.reported(compared, score, drawn.tail().mean(), threshold),
                    OptionalDouble.of(pValue),
                    threshold,
                    pValue <= threshold));
            if (detector == reference.frechet() && sum.isPresent()) {
                risen = OptionalDouble.of(drawn.tail().normalScore(score));
            }
        }
        if (risen.isPresent()) {
            Cusum after = new Cusum(cusum.allowance(), cusum.threshold(), sum.getAsDouble()).after(risen.getAsDouble());
            found.add(new Detection("cusum", after.sum(), OptionalDouble.empty(), after.threshold(), after.alarms()));
        }
        return found;
    }

    /** How far the components have moved: the mean of their population stability indices, .1 small and .25 large by custom. */
    public double stability(FeatureMatrix window) {
        return reference.components().stability(window);
    }

    /**
     * Where the change of the embeddings comes from, by squared Fréchet distances: of the window to the reference under the frozen
     * encoder, less what sampling gives, where a detector says that the images have changed at all; and of the window under the present
     * encoder to itself under the frozen one, which no sampling blurs, since the images are the same. Empty where nothing has changed, or
     * the features differ in width.
     *
     * @param frozen features under the frozen encoder, as many as {@link Calibration#sizeOf} gives
     * @param present of the same images under the present one
     */
    public Optional<Attribution> attribution(
            FeatureMatrix frozen, FeatureMatrix present, long version, boolean imagesChanged) {
        if (frozen.columns() != present.columns()) {
            return Optional.empty();
        }
        double expected =
                calibration(frozen.rows()).of(FrechetToReference.NAME).tail().mean();
        double ofImages = imagesChanged ? Math.max(0, reference.frechet().squared(frozen) - expected) : 0;
        double ofEncoder = Arrays.equals(frozen.values(), present.values())
                ? 0 // and not what rounding leaves of it
                : new FrechetToReference(frozen).squared(present);
        return ofImages + ofEncoder > 0
                ? Optional.of(new Attribution(version, frozen.rows(), ofImages, ofEncoder))
                : Optional.empty();
    }

    /** Squared Fréchet distances of all images there are, as they are: what a window's parts are estimates of. */
    public static Distances distances(FeatureMatrix reference, FeatureMatrix frozen, FeatureMatrix present) {
        return new Distances(
                new FrechetToReference(reference).squared(frozen), new FrechetToReference(frozen).squared(present));
    }

    public record Distances(double ofImages, double ofEncoder) {}

    private Calibration calibration(int rows) {
        int images = Calibration.sizeOf(rows);
        return calibrations.get(images).filter(kept -> kept.isOf(detectors)).orElseGet(() -> {
            Calibration made = Calibration.of(reference, detectors, images, expectedRun);
            calibrations.put(made);
            return made;
        });
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

package org.millrace.evaluator.drift;

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
     * @param sum the score of the sequential one for the window before, 0 at first; empty to leave it out
     */
    public List<Detection> test(FeatureMatrix window, long step, OptionalDouble sum) {
        Calibration calibration = calibration(window.rows());
        double threshold = calibration.threshold();
        FeatureMatrix compared = window.first(calibration.images());
        Scores scores = reference.scores(compared, step, OptionalDouble.of(calibration.kernelTotal()));
        double[] p = calibration.pValues(scores);
        List<Detection> found = new ArrayList<>(List.of(
                detection("frechet", scores.frechet() - calibration.frechet().mean(), p[0], threshold),
                detection("mmd", scores.discrepancy(), p[1], threshold),
                detection("classifier", scores.classifier(), p[2], threshold),
                detection("components", reference.shiftedComponents(compared, threshold), p[3], threshold)));
        if (sum.isPresent()) {
            Cusum after = new Cusum(cusum.allowance(), cusum.threshold(), sum.getAsDouble())
                    .after(calibration.frechet().normalScore(scores.frechet()));
            found.add(new Detection("cusum", after.sum(), OptionalDouble.empty(), after.threshold(), after.alarms()));
        }
        return found;
    }

    /** How far the components have moved: the mean of their population stability indices, .1 small and .25 large by custom. */
    public double stability(FeatureMatrix window) {
        return reference.stability(window);
    }

    /**
     * Where the change of the embeddings comes from, by squared Fréchet distances: of the window to the reference under the frozen
     * encoder, less what sampling gives, where a detector says that the images have changed at all; and of the window under the present
     * encoder to itself under the frozen one, which no sampling blurs, since the images are the same. Empty where nothing has changed, or
     * where fewer than {@code least} images are known under both encoders, or these differ in width.
     */
    Optional<Attribution> attribution(SampledRows window, int least, boolean imagesChanged) {
        List<SampledRows.Row> pairs = window.pairs();
        if (pairs.size() < least) {
            return Optional.empty();
        }
        List<SampledRows.Row> compared = pairs.subList(0, Calibration.sizeOf(pairs.size()));
        return attribution(
                SampledRows.matrix(compared, SampledRows.Row::features),
                SampledRows.matrix(compared, SampledRows.Row::present),
                window.presentVersion(),
                imagesChanged);
    }

    /**
     * The same of features of the same images, under the frozen encoder and under the present one, as many as {@link Calibration#sizeOf}
     * gives.
     */
    public Optional<Attribution> attribution(
            FeatureMatrix frozen, FeatureMatrix present, long version, boolean imagesChanged) {
        if (frozen.columns() != present.columns()) {
            return Optional.empty();
        }
        double expected = calibration(frozen.rows()).frechet().mean();
        double ofImages = imagesChanged ? Math.max(0, reference.frechet(frozen) - expected) : 0;
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
        return calibrations.get(images).orElseGet(() -> {
            Calibration made = Calibration.of(reference, images, expectedRun);
            calibrations.put(made);
            return made;
        });
    }

    private static Detection detection(String name, double score, double pValue, double threshold) {
        return new Detection(name, score, OptionalDouble.of(pValue), threshold, pValue <= threshold);
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

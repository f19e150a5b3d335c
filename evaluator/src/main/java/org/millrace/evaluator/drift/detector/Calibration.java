package org.millrace.evaluator.drift.detector;

import static org.millrace.contract.Check.check;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.millrace.numerics.FeatureMatrix;

/**
 * Scores without drift, for windows of one size: drawn from the reference, and kept, since they take long to compute.
 *
 * <p>All detectors together are to alarm once in the expected run. They see the same window, so their alarms coincide; how often is
 * counted in the draws. Of the budget of 1 / expected run the sequential detector has a fifth; the least p-value of the others is at
 * most {@code threshold} in the rest.
 *
 * @param images of such a window
 * @param drawn by a detector's name, in their order
 * @param threshold of a p-value
 */
public record Calibration(int images, Map<String, Drawn> drawn, double threshold) {
    /**
     * One detector's part.
     *
     * @param prepared as {@link Detector#prepare} gave it
     */
    record Drawn(Tail tail, OptionalDouble prepared) {}

    public Calibration {
        drawn = Collections.unmodifiableMap(new LinkedHashMap<>(drawn));
    }

    /** The sequential detector's share of the false alarms. */
    static final double SEQUENTIAL_SHARE = 0.2;

    private static final int MOST_DRAWS = 4_000;
    private static final int LEAST_DRAWS = 400;
    /** Features of all draws' widths together: a draw of wide features takes long. */
    private static final int DRAWN_WIDTH = 4_000 * 64;
    /** One draw in so many below a p-value tells how often one of the detectors is. */
    private static final int COUNTED = 40;

    /** @param expectedRun windows between false alarms of all detectors together */
    static Calibration of(Reference reference, List<Detector> detectors, int images, double expectedRun) {
        FeatureMatrix rows = reference.rows();
        check(
                2 * images <= rows.rows(),
                "a window of %d images must have at most half of the reference's %d",
                images,
                rows.rows());
        int count = Math.max(LEAST_DRAWS, Math.min(MOST_DRAWS, DRAWN_WIDTH / rows.columns()));
        List<OptionalDouble> prepared =
                detectors.stream().map(Detector::prepare).toList();
        // draws × detectors
        double[][] scores = IntStream.range(0, count)
                .parallel()
                .mapToObj(draw -> {
                    Part part = reference.part(images, draw);
                    return detectors.stream()
                            .mapToDouble(detector -> detector.scoreOfPart(part))
                            .toArray();
                })
                .toArray(double[][]::new);
        Map<String, Drawn> drawn = new LinkedHashMap<>();
        double[] least = new double[count];
        Arrays.fill(least, 1);
        for (int i = 0; i < detectors.size(); i++) {
            int column = i;
            Tail tail = Tail.of(
                    Arrays.stream(scores).mapToDouble(draw -> draw[column]).toArray());
            drawn.put(detectors.get(i).name(), new Drawn(tail, prepared.get(i)));
            for (int draw = 0; draw < count; draw++) {
                least[draw] = Math.min(least[draw], tail.pValue(scores[draw][column]));
            }
        }
        Arrays.sort(least);
        return new Calibration(images, drawn, threshold(least, (1 - SEQUENTIAL_SHARE) / expectedRun));
    }

    /** Whether it has all of the detectors: one stored by an older version may lack a newer one. */
    boolean isOf(List<Detector> detectors) {
        return detectors.stream().allMatch(detector -> drawn.containsKey(detector.name()));
    }

    /** The part of the detector of that name. */
    Drawn of(String name) {
        return Objects.requireNonNull(drawn.get(name), name);
    }

    /** The quantile; beyond what the number of draws resolves, the smallest resolved one, scaled. */
    private static double threshold(double[] least, double rate) {
        int draws = least.length;
        int below = (int) Math.round(rate * draws);
        int counted = draws / COUNTED;
        return below >= counted ? least[below - 1] : least[counted - 1] * rate * draws / counted;
    }

    /** The images that a window of so many is compared by: rounded down to two binary digits, 64, 96, 128, 192, 256… */
    public static int sizeOf(int images) {
        int highest = Integer.highestOneBit(images);
        return images >= highest + highest / 2 ? highest + highest / 2 : highest;
    }
}

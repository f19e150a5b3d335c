package org.millrace.evaluator.drift;

import static org.millrace.contract.Check.check;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * What scores are without drift, for windows of one size: drawn from the reference, and kept, since it is long to compute.
 *
 * <p>All detectors together shall alarm once in the expected run. They see the same window, so their alarms coincide; how often is
 * counted in the draws. Of the budget of 1 / expected run the sequential detector has a fifth; the least p-value of the others is at
 * most {@code threshold} in the rest.
 *
 * @param images of such a window
 * @param threshold of a p-value
 * @param kernelTotal of the reference
 */
record Calibration(
        int images,
        Tail frechet,
        Tail discrepancy,
        Tail classifier,
        Tail component,
        double threshold,
        double kernelTotal) {
    /** The sequential detector's share of the false alarms. */
    static final double SEQUENTIAL_SHARE = 0.2;

    private static final int MOST_DRAWS = 4_000;
    private static final int LEAST_DRAWS = 400;
    /** Features of all draws' widths together: a draw of wide features takes long. */
    private static final int DRAWN_WIDTH = 4_000 * 64;
    /** One draw in so many below a p-value tells how often one of the detectors is. */
    private static final int COUNTED = 40;

    /** @param expectedRun windows between false alarms of all detectors together */
    static Calibration of(Reference reference, int images, double expectedRun) {
        check(
                2 * images <= reference.size(),
                "a window of %d images must have at most half of the reference's %d",
                images,
                reference.size());
        int count = Math.max(LEAST_DRAWS, Math.min(MOST_DRAWS, DRAWN_WIDTH / reference.dimensions()));
        reference.prepareForParts();
        List<Scores> draws = IntStream.range(0, count)
                .parallel()
                .mapToObj(draw -> reference.scoresOfPart(images, draw))
                .toList();
        var tails = new Calibration(
                images,
                tail(draws, Scores::frechet),
                tail(draws, Scores::discrepancy),
                tail(draws, Scores::classifier),
                tail(draws, Scores::component),
                0,
                reference.kernelTotal());
        double[] least = draws.stream()
                .mapToDouble(
                        scores -> Arrays.stream(tails.pValues(scores)).min().orElseThrow())
                .sorted()
                .toArray();
        return tails.withThreshold(threshold(least, (1 - SEQUENTIAL_SHARE) / expectedRun));
    }

    /** In the order of {@link Scores}. */
    double[] pValues(Scores scores) {
        return new double[] {
            frechet.pValue(scores.frechet()),
            discrepancy.pValue(scores.discrepancy()),
            classifier.pValue(scores.classifier()),
            component.pValue(scores.component())
        };
    }

    private Calibration withThreshold(double found) {
        return new Calibration(images, frechet, discrepancy, classifier, component, found, kernelTotal);
    }

    private static Tail tail(List<Scores> draws, ToDoubleFunction<Scores> score) {
        return Tail.of(draws.stream().mapToDouble(score).toArray());
    }

    /** The quantile, or, where it lies beyond what so many draws can tell, the one they can tell, scaled. */
    private static double threshold(double[] least, double rate) {
        int draws = least.length;
        int below = (int) Math.round(rate * draws);
        int counted = draws / COUNTED;
        return below >= counted ? least[below - 1] : least[counted - 1] * rate * draws / counted;
    }

    /** Windows are compared by as many of their images as two binary digits can say: 64, 96, 128, 192, 256… */
    static int sizeOf(int images) {
        int highest = Integer.highestOneBit(images);
        return images >= highest + highest / 2 ? highest + highest / 2 : highest;
    }
}

package org.millrace.evaluator.drift.detector;

import static org.millrace.contract.Check.check;

import java.util.Arrays;

/**
 * The population stability index Σ (a − r) ln(a / r) of one number, over bins that were cut on a reference (Siddiqi 2006). A bin is
 * [edge, next edge), the first and last reach to infinity. By custom, .1 is a small shift, .25 a large one.
 *
 * <p>A bin that is empty in one sample counts as a share ε there; shares are not scaled again.
 */
final class StabilityIndex {
    private final double[] innerEdges;

    /** @param innerEdges between bins, ascending */
    StabilityIndex(double... innerEdges) {
        this.innerEdges = innerEdges;
    }

    /** Bins of equally many reference values: the edges are quantiles i / bins, interpolated linearly between values. */
    static StabilityIndex ofQuantiles(double[] reference, int bins) {
        check(bins >= 2, "bins must be at least 2, but were %d", bins);
        OneNumber.require(reference, bins, "the quantiles of the stability index");
        double[] sorted = OneNumber.sorted(reference);
        double[] edges = new double[bins - 1];
        for (int i = 1; i < bins; i++) {
            double position = (double) i / bins * (sorted.length - 1);
            int below = (int) position;
            edges[i - 1] = sorted[below] + (position - below) * (sorted[below + 1] - sorted[below]);
        }
        return new StabilityIndex(edges);
    }

    double[] innerEdges() {
        return innerEdges.clone();
    }

    /** How many of the values fall into each bin. */
    int[] counts(double[] values) {
        OneNumber.require(values, 1, "the stability index");
        int[] counts = new int[innerEdges.length + 1];
        for (double value : values) {
            counts[bin(value)]++;
        }
        return counts;
    }

    private int bin(double value) {
        int bin = 0;
        while (bin < innerEdges.length && innerEdges[bin] <= value) {
            bin++;
        }
        return bin;
    }

    double between(double[] reference, double[] actual, double epsilon) {
        check(epsilon > 0, "epsilon must be positive, but was %s", epsilon);
        return between(counts(reference), counts(actual), epsilon);
    }

    /** The same of counts. */
    static double between(int[] reference, int[] actual, double epsilon) {
        double ofReference = Arrays.stream(reference).sum();
        double ofActual = Arrays.stream(actual).sum();
        double index = 0;
        for (int bin = 0; bin < reference.length; bin++) {
            double shareR = reference[bin] == 0 ? epsilon : reference[bin] / ofReference;
            double shareA = actual[bin] == 0 ? epsilon : actual[bin] / ofActual;
            index += (shareA - shareR) * Math.log(shareA / shareR);
        }
        return index;
    }
}

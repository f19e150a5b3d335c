package org.millrace.evaluator.drift.detector;

import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Samples;

/** Which of the features' components have shifted from one reference, by Kolmogorov–Smirnov on each, and how far. */
final class ComponentShift implements Detector {
    private static final int BINS = 10;
    private static final double EMPTY_SHARE = 1e-4;

    private final int rows;
    private final double[][] sorted; // of each component, the reference's values
    private final StabilityIndex[] deciles;
    private final int[][] inDeciles; // of the reference

    private ComponentShift(int rows, double[][] sorted) {
        this.rows = rows;
        this.sorted = sorted;
        this.deciles = Arrays.stream(sorted)
                .map(column -> StabilityIndex.ofQuantiles(column, BINS))
                .toArray(StabilityIndex[]::new);
        this.inDeciles = IntStream.range(0, sorted.length)
                .mapToObj(component -> deciles[component].counts(sorted[component]))
                .toArray(int[][]::new);
    }

    static ComponentShift from(FeatureMatrix reference) {
        Samples.require(reference, BINS, "the shift of components");
        return new ComponentShift(reference.rows(), sortedColumns(reference));
    }

    @Override
    public String name() {
        return "components";
    }

    /** The largest statistic D of a component. */
    @Override
    public double score(FeatureMatrix window, long step, OptionalDouble prepared) {
        return largest(window);
    }

    @Override
    public double scoreOfPart(Part part) {
        return largestOfPart(part.rows());
    }

    /** The share of the components that have shifted. */
    @Override
    public double reported(FeatureMatrix window, double score, double mean, double threshold) {
        return of(window, threshold).share();
    }

    /**
     * One window's answer.
     *
     * @param shifted components that count as shifted by Benjamini and Hochberg's procedure (1995), of which the expected share of
     *     false ones is at most the rate
     * @param components D
     */
    record Answer(int shifted, int components) {
        /** In [0, 1]. */
        double share() {
            return (double) shifted / components;
        }
    }

    Answer of(FeatureMatrix window, double rate) {
        Samples.require(window, 1, "the shift of components");
        double[] p = Arrays.stream(tests(window))
                .mapToDouble(KolmogorovSmirnov::stephensPValue)
                .sorted()
                .toArray();
        int shifted = 0;
        for (int i = 0; i < p.length; i++) {
            if (p[i] <= rate * (i + 1) / p.length) {
                shifted = i + 1;
            }
        }
        return new Answer(shifted, p.length);
    }

    /** The largest statistic D of a component. */
    double largest(FeatureMatrix window) {
        return largest(tests(window));
    }

    /** The largest D of n rows of the reference itself to the others: F₁ − F₂ = (F₁ − F) · N / (N − n). */
    double largestOfPart(FeatureMatrix part) {
        return largest(tests(part)) * rows / (rows - part.rows());
    }

    /**
     * Mean of the components' stability indices, by the reference's deciles, less what sampling alone gives of n and N images,
     * (bins − 1) (1 / n + 1 / N) (Yurdakul 2018); at least 0.
     */
    double stability(FeatureMatrix window) {
        Samples.require(window, 1, "the shift of components");
        double[][] columns = sortedColumns(window);
        double mean = IntStream.range(0, sorted.length)
                .mapToDouble(component -> StabilityIndex.between(
                        inDeciles[component], deciles[component].counts(columns[component]), EMPTY_SHARE))
                .average()
                .orElseThrow();
        return Math.max(0, mean - (BINS - 1) * (1.0 / window.rows() + 1.0 / rows));
    }

    private KolmogorovSmirnov[] tests(FeatureMatrix window) {
        double[][] columns = sortedColumns(window);
        return IntStream.range(0, sorted.length)
                .mapToObj(component -> KolmogorovSmirnov.ofSorted(sorted[component], columns[component]))
                .toArray(KolmogorovSmirnov[]::new);
    }

    private static double largest(KolmogorovSmirnov[] tests) {
        return Arrays.stream(tests)
                .mapToDouble(KolmogorovSmirnov::statistic)
                .max()
                .orElse(0);
    }

    private static double[][] sortedColumns(FeatureMatrix matrix) {
        double[][] columns = new double[matrix.columns()][matrix.rows()];
        for (int row = 0; row < matrix.rows(); row++) {
            for (int column = 0; column < columns.length; column++) {
                columns[column][row] = matrix.values()[row * matrix.columns() + column];
            }
        }
        for (double[] column : columns) {
            Arrays.sort(column);
        }
        return columns;
    }
}

package org.millrace.evaluator.drift;

import java.util.Arrays;
import java.util.OptionalDouble;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.numerics.FeatureMatrix;

/** What windows are compared with: features of images without drift, N×D, and what each detector takes from them once. One thread. */
final class Reference {
    private static final int KERNEL_ROWS = 512;

    private final FeatureMatrix rows;
    private final long seed;
    private final FrechetToReference frechet;
    private final MeanDiscrepancy discrepancy;
    private final ComponentShift components;

    Reference(FeatureMatrix rows, long seed) {
        this.rows = rows;
        this.seed = seed;
        this.frechet = new FrechetToReference(rows);
        this.discrepancy =
                MeanDiscrepancy.from(rows, RbfKernel.ofMedianDistance(rows.first(Math.min(KERNEL_ROWS, rows.rows()))));
        this.components = ComponentShift.from(rows);
    }

    int size() {
        return rows.rows();
    }

    /** D. */
    int dimensions() {
        return rows.columns();
    }

    /** Computes what {@link #scoresOfPart} shares, which many threads may call from then on. */
    void prepareForParts() {
        frechet.prepareForParts();
        discrepancy.total();
    }

    /** Sum of the kernel over the reference's pairs: long to compute, so worth keeping. */
    double kernelTotal() {
        return discrepancy.total();
    }

    /** @param step differs for each window: it draws the classifier's halves */
    Scores scores(FeatureMatrix window, long step, OptionalDouble kernelTotal) {
        return new Scores(
                frechet.squared(window),
                discrepancy.of(window, kernelTotal).unbiased(),
                ClassifierTwoSample.between(rows, window, seed, step).accuracy(),
                components.largest(window));
    }

    /** Squared Fréchet distance of a window. */
    double frechet(FeatureMatrix window) {
        return frechet.squared(window);
    }

    /** Share of the components that have shifted, of which the expected share of false ones is at most {@code rate}. */
    double shiftedComponents(FeatureMatrix window, double rate) {
        return components.of(window, rate).share();
    }

    /** Mean stability index of the components. */
    double stability(FeatureMatrix window) {
        return components.stability(window);
    }

    /**
     * The scores of {@code size} of the reference's own rows, drawn at random, against its other rows: what a window without drift would
     * have. Draw i is a pure function of seed, size and i.
     */
    Scores scoresOfPart(int size, int draw) {
        int[] mixed = drawn(2 * size, draw, size);
        int[] chosen = Arrays.copyOf(mixed, size);
        FeatureMatrix part = rows.select(chosen);
        FeatureMatrix others = rows.select(Arrays.copyOfRange(mixed, size, 2 * size)); // all that the classifier takes
        return new Scores(
                frechet.squaredOfPart(chosen),
                discrepancy.unbiasedOfPart(chosen),
                ClassifierTwoSample.between(others, part, seed, draw).accuracy(),
                components.largestOfPart(part));
    }

    // the first of a random order of all rows
    private int[] drawn(int count, int draw, int size) {
        CounterRandom random = CounterRandom.of(seed, draw, Purpose.SHUFFLE, size);
        int[] order = new int[rows.rows()];
        Arrays.setAll(order, i -> i);
        for (int i = 0; i < count; i++) {
            int j = i + random.nextInt(order.length - i);
            int row = order[i];
            order[i] = order[j];
            order[j] = row;
        }
        return Arrays.copyOf(order, count);
    }
}

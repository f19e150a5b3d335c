package org.millrace.evaluator.drift;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.event.DriftReport.Detection;
import org.millrace.encoder.matrix.FeatureMatrix;

/**
 * Four tests of a window against a reference, none of which knows the others: Fréchet distance, mean discrepancy, a classifier, and each
 * component by itself. What they take from the reference (kernel width, the distance that sampling alone gives) is frozen.
 *
 * <p>Each alarms at p ≤ 1 / (tests × expected run): were each p exact, all together would alarm at most once in the expected run of
 * independent windows without drift, by Bonferroni's inequality. They alarm more often, the smaller the reference: see
 * docs/decisions/0017-drift-of-incoming-images.md.
 */
final class ReferenceDetectors {
    private static final int TESTS = 5; // with the sequential one, which has its own threshold
    private static final double ALLOWANCE = 0.5;
    private static final int SPLITS = 400;
    private static final int KERNEL_ROWS = 256;

    private final FeatureMatrix reference;
    private final Gaussian gaussian;
    private final RbfKernel kernel;
    private final double least;
    private final long seed;
    private final Cusum cusum;
    private final Map<Integer, Null> frechetNulls = new HashMap<>(); // by rows of a window

    /** Mean and standard deviation of the squared Fréchet distance between some rows and the rest of the reference. */
    private record Null(double mean, double deviation) {}

    /** @param expectedRun windows between false alarms of all together */
    ReferenceDetectors(FeatureMatrix reference, double expectedRun, long seed) {
        this.reference = reference;
        this.gaussian = Gaussian.of(reference);
        this.kernel = RbfKernel.ofMedianDistance(first(reference, 2 * KERNEL_ROWS));
        this.least = 1 / (TESTS * expectedRun);
        this.cusum = Cusum.ofExpectedRun(ALLOWANCE, TESTS * expectedRun);
        this.seed = seed;
    }

    /**
     * The detectors' answers, the sequential one's last.
     *
     * @param step differs for each window: it draws the permutations
     * @param sum the score of the sequential one for the window before, 0 at first
     */
    List<Detection> test(FeatureMatrix window, long step, double sum) {
        List<Detection> found = new ArrayList<>();
        double frechet = FrechetDistance.between(gaussian, Gaussian.of(window)).squared();
        double deviations = frechetDeviations(frechet, window.rows());
        found.add(detection(
                "frechet", frechet - nullOf(window.rows()).mean(), ClassifierTwoSample.upperTail(deviations)));
        MeanDiscrepancy discrepancy = MeanDiscrepancy.of(first(window, KERNEL_ROWS), reference, kernel);
        int permutations = (int) Math.ceil(1 / least);
        found.add(detection("mmd", discrepancy.unbiased(), discrepancy.pValue(permutations, seed, step)));
        ClassifierTwoSample classifier = ClassifierTwoSample.between(reference, window, seed, step);
        found.add(detection("classifier", classifier.accuracy(), classifier.pValue()));
        ComponentShift shift = ComponentShift.between(reference, window, least);
        found.add(detection("components", shift.share(), shift.leastPValue()));
        Cusum after = new Cusum(cusum.allowance(), cusum.threshold(), sum).after(deviations);
        found.add(new Detection("cusum", after.sum(), OptionalDouble.empty(), after.threshold(), after.alarms()));
        return found;
    }

    private Detection detection(String name, double score, double pValue) {
        return new Detection(name, score, OptionalDouble.of(pValue), least, pValue <= least);
    }

    // sums of squares are skewed: Wilson and Hilferty's cube root (1931) of a gamma variable of that mean and deviation
    // is near normal
    private double frechetDeviations(double squared, int rows) {
        Null expected = nullOf(rows);
        double shape = Math.pow(expected.mean() / expected.deviation(), 2);
        double ninth = 1 / (9 * shape);
        return (Math.cbrt(squared / expected.mean()) - (1 - ninth)) / Math.sqrt(ninth);
    }

    private Null nullOf(int rows) {
        return frechetNulls.computeIfAbsent(rows, this::split);
    }

    private Null split(int rows) {
        int size = Math.min(rows, reference.rows() / 2);
        double[] distances = new double[SPLITS];
        for (int split = 0; split < SPLITS; split++) {
            FeatureMatrix mixed = shuffled(split);
            FeatureMatrix drawn = part(mixed, 0, size);
            FeatureMatrix rest = part(mixed, size, mixed.rows() - size);
            distances[split] = FrechetDistance.between(Gaussian.of(rest), Gaussian.of(drawn))
                    .squared();
        }
        double mean = Arrays.stream(distances).average().orElseThrow();
        double variance =
                Arrays.stream(distances).map(d -> (d - mean) * (d - mean)).sum() / (SPLITS - 1);
        return new Null(Math.max(mean, Double.MIN_NORMAL), Math.max(Math.sqrt(variance), 1e-9 * mean));
    }

    private FeatureMatrix shuffled(int split) {
        CounterRandom random = CounterRandom.of(seed, split, Purpose.SHUFFLE, 1);
        int d = reference.columns();
        double[] values = reference.values().clone();
        for (int i = reference.rows() - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            for (int column = 0; column < d; column++) {
                double value = values[i * d + column];
                values[i * d + column] = values[j * d + column];
                values[j * d + column] = value;
            }
        }
        return new FeatureMatrix(reference.rows(), d, values);
    }

    private static FeatureMatrix first(FeatureMatrix matrix, int rows) {
        return part(matrix, 0, Math.min(rows, matrix.rows()));
    }

    private static FeatureMatrix part(FeatureMatrix matrix, int from, int rows) {
        int d = matrix.columns();
        return new FeatureMatrix(rows, d, Arrays.copyOfRange(matrix.values(), from * d, (from + rows) * d));
    }
}

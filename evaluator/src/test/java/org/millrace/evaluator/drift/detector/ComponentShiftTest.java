package org.millrace.evaluator.drift.detector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.millrace.numerics.FeatureMatrix;

class ComponentShiftTest {
    private static final long SEED = 29;

    @Test
    void between_oneDistribution_anyShiftedAsRarelyAsTheRateSays() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        int any = 0;
        for (int trial = 0; trial < 1_000; trial++) {
            ComponentShift.Answer shift = shift(
                    ClassifierTwoSampleTest.normal(random, 300, 10, 0),
                    ClassifierTwoSampleTest.normal(random, 200, 10, 0),
                    0.05);
            any += shift.shifted() > 0 ? 1 : 0;
        }
        assertThat(any).as("of 1,000").isBetween(20, 75);
    }

    @Test
    void between_fourOfTenShifted_findsThose() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        FeatureMatrix reference = ClassifierTwoSampleTest.normal(random, 500, 10, 0);
        FeatureMatrix window = ClassifierTwoSampleTest.normal(random, 500, 10, 0);
        for (int row = 0; row < 500; row++) {
            for (int column = 0; column < 4; column++) {
                window.values()[row * 10 + column] += 1;
            }
        }
        ComponentShift.Answer shift = shift(reference, window, 0.01);
        assertThat(shift.share()).isCloseTo(0.4, within(1e-12));
        assertThat(ComponentShift.from(reference).largest(window)).isGreaterThan(0.3);
    }

    @Test
    void largestOfPart_ofTheReferencesOwnRows_isThatOfTwoSamples() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        FeatureMatrix all = ClassifierTwoSampleTest.normal(random, 60, 4, 0);
        FeatureMatrix part = all.select(IntStream.range(0, 20).toArray());
        FeatureMatrix others = all.select(IntStream.range(20, 60).toArray());
        assertThat(ComponentShift.from(all).largestOfPart(part))
                .isCloseTo(ComponentShift.from(others).largest(part), within(1e-12));
    }

    @Test
    void stability_ofShiftedComponents_isTheMeanOfTheirIndicesLessWhatSamplingGives() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        FeatureMatrix reference = ClassifierTwoSampleTest.normal(random, 2_000, 3, 0);
        FeatureMatrix window = ClassifierTwoSampleTest.normal(random, 256, 3, 0);
        assertThat(ComponentShift.from(reference).stability(reference)).isZero();
        assertThat(ComponentShift.from(reference).stability(window)).isLessThan(0.02);
        for (int row = 0; row < 256; row++) {
            window.values()[row * 3] += 1;
        }
        double mean = IntStream.range(0, 3)
                .mapToDouble(column -> StabilityIndex.ofQuantiles(column(reference, column), 10)
                        .between(column(reference, column), column(window, column), 1e-4))
                .average()
                .orElseThrow();
        assertThat(ComponentShift.from(reference).stability(window))
                .isCloseTo(mean - 9 / 256.0 - 9 / 2_000.0, within(1e-12))
                .isGreaterThan(0.25);
    }

    private static double[] column(FeatureMatrix matrix, int column) {
        return IntStream.range(0, matrix.rows())
                .mapToDouble(row -> matrix.values()[row * matrix.columns() + column])
                .toArray();
    }

    private static ComponentShift.Answer shift(FeatureMatrix reference, FeatureMatrix window, double rate) {
        return ComponentShift.from(reference).of(window, rate);
    }
}

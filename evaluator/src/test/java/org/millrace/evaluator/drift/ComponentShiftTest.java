package org.millrace.evaluator.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.millrace.encoder.matrix.FeatureMatrix;

class ComponentShiftTest {
    private static final long SEED = 29;

    @Test
    void between_oneDistribution_anyShiftedAsRarelyAsTheRateSays() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        int any = 0;
        for (int trial = 0; trial < 1_000; trial++) {
            ComponentShift shift = ComponentShift.between(
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
        ComponentShift shift = ComponentShift.between(reference, window, 0.01);
        assertThat(shift.share()).isCloseTo(0.4, within(1e-12));
        assertThat(shift.leastPValue()).isLessThan(1e-9);
    }
}

package org.millrace.evaluator.drift.detector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.millrace.contract.event.DriftReport.Detection;
import org.millrace.numerics.FeatureMatrix;

class ReferenceDetectorsTest {
    private static final long SEED = 37;
    private static final double EXPECTED_RUN = 10;
    private static final int WINDOWS = 1_000;

    /** Of a reference of 2,048 rows; calibrated at the first window of a size, for all tests. */
    private static final ReferenceDetectors DETECTORS =
            new ReferenceDetectors(normal(new Random(SEED), 2_048, 0), EXPECTED_RUN, SEED);

    @Test
    void test_shiftedMean_eachSeesIt() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED + 3);
        assertThat(DETECTORS.test(normal(random, 64, 0.8), 1, OptionalDouble.of(0)))
                .allMatch(Detection::alarm);
    }

    @Test
    void test_windowsWithoutDrift_alarmAsOftenAsAsked() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED + 1);
        int alarms = 0;
        double sum = 0;
        for (int window = 0; window < WINDOWS; window++) {
            List<Detection> found = DETECTORS.test(normal(random, 64, 0), window, OptionalDouble.of(sum));
            sum = found.get(4).score();
            alarms += found.stream().anyMatch(Detection::alarm) ? 1 : 0;
        }
        assertThat((double) WINDOWS / alarms)
                .as("windows between alarms")
                .isBetween(0.75 * EXPECTED_RUN, 1.25 * EXPECTED_RUN);
    }

    @Test
    void test_sameWindowAgain_sameAnswer() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        FeatureMatrix reference = normal(random, 1_024, 0);
        FeatureMatrix window = normal(random, 64, 0.1);
        assertThat(new ReferenceDetectors(reference, EXPECTED_RUN, SEED).test(window, 5, OptionalDouble.of(0)))
                .isEqualTo(new ReferenceDetectors(reference, EXPECTED_RUN, SEED).test(window, 5, OptionalDouble.of(0)));
    }

    /** Means that move by .8 and by .6 in each of 8 dimensions: squared Fréchet distances of 5.12 and 2.88, exactly. */
    @Test
    void attribution_ofImagesAndEncoderThatMove_isThatOfTheDistributions() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED + 2);
        for (int window = 0; window < 10; window++) {
            FeatureMatrix frozen = normal(random, 256, 0.8);
            FeatureMatrix present = new FeatureMatrix(
                    256, 8, Arrays.stream(frozen.values()).map(x -> x + 0.6).toArray());
            assertThat(share(frozen, present, true)).isCloseTo(5.12 / 8, within(0.1));
            assertThat(share(frozen, frozen, true)).isEqualTo(1);
            assertThat(share(frozen, present, false)).isZero();
        }
    }

    private static double share(FeatureMatrix frozen, FeatureMatrix present, boolean imagesChanged) {
        return DETECTORS
                .attribution(frozen, present, 9, imagesChanged)
                .orElseThrow()
                .imageShare();
    }

    private static FeatureMatrix normal(Random random, int rows, double mean) {
        return ClassifierTwoSampleTest.normal(random, rows, 8, mean);
    }
}

package org.millrace.evaluator.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.millrace.encoder.matrix.FeatureMatrix;

class ClassifierTwoSampleTest {
    private static final long SEED = 23;

    @Test
    void between_oneDistribution_pValuesAreSpreadEvenly() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        int under5 = 0;
        int under50 = 0;
        for (int trial = 0; trial < 1_000; trial++) {
            ClassifierTwoSample test =
                    ClassifierTwoSample.between(normal(random, 120, 6, 0), normal(random, 100, 6, 0), SEED, trial);
            assertThat(test.heldOut()).isEqualTo(100);
            under5 += test.pValue() < 0.05 ? 1 : 0;
            under50 += test.pValue() < 0.5 ? 1 : 0;
        }
        assertThat(under5).as("of 1,000 under .05").isBetween(25, 75);
        assertThat(under50).as("of 1,000 under .5").isBetween(400, 560); // accuracies of 100 rows come in steps
    }

    @Test
    void between_shiftedMeans_areToldApartAsWellAsTheyCanBe() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        ClassifierTwoSample test = ClassifierTwoSample.between(
                normal(random, 4_000, 3, 0), normal(random, 4_000, 3, 2 / Math.sqrt(3)), SEED, 1);
        assertThat(test.accuracy()).as("Φ(1), the best there is").isCloseTo(0.8413, within(0.015));
        assertThat(test.pValue()).isLessThan(1e-9);
    }

    @Test
    void between_moreDimensionsThanRowsAndConstants_hasAnAnswer() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        ClassifierTwoSample wide =
                ClassifierTwoSample.between(normal(random, 20, 64, 0), normal(random, 20, 64, 3), SEED, 1);
        assertThat(wide.accuracy()).isGreaterThan(0.9);
        FeatureMatrix constant = new FeatureMatrix(10, 4, new double[40]);
        assertThat(ClassifierTwoSample.between(constant, constant, SEED, 1).accuracy())
                .isEqualTo(0.5);
    }

    @Test
    void upperTail_knownQuantiles() {
        assertThat(ClassifierTwoSample.upperTail(0)).isCloseTo(0.5, within(1e-7));
        assertThat(ClassifierTwoSample.upperTail(1.6448536)).isCloseTo(0.05, within(2e-7));
        assertThat(ClassifierTwoSample.upperTail(-1.6448536)).isCloseTo(0.95, within(2e-7));
        assertThat(ClassifierTwoSample.upperTail(3.0902323)).isCloseTo(0.001, within(2e-7));
    }

    static FeatureMatrix normal(Random random, int rows, int columns, double mean) {
        double[] values = new double[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = mean + random.nextGaussian();
        }
        return new FeatureMatrix(rows, columns, values);
    }
}

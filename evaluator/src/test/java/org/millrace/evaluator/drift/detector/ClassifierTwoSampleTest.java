package org.millrace.evaluator.drift.detector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.numerics.Centred;
import org.millrace.numerics.FeatureMatrix;

class ClassifierTwoSampleTest {
    private static final long SEED = 23;

    @Test
    void between_oneDistribution_isRightHalfOfTheTime() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        double sum = 0;
        for (int trial = 0; trial < 1_000; trial++) {
            ClassifierTwoSample test =
                    ClassifierTwoSample.between(normal(random, 120, 6, 0), normal(random, 100, 6, 0), SEED, trial);
            assertThat(test.heldOut()).isEqualTo(100);
            sum += test.accuracy();
        }
        assertThat(sum / 1_000).isCloseTo(0.5, within(0.0064)); // four deviations of a mean of 1,000 · 100 answers
    }

    @Test
    void between_shiftedMeans_areToldApartAsWellAsTheyCanBe() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        ClassifierTwoSample test = ClassifierTwoSample.between(
                normal(random, 4_000, 3, 0), normal(random, 4_000, 3, 2 / Math.sqrt(3)), SEED, 1);
        assertThat(test.accuracy()).as("Φ(1), the best there is").isCloseTo(0.8413, within(0.015));
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

    @ParameterizedTest
    @ValueSource(ints = {10, 60})
    void direction_ofFewerOrMoreRowsThanDimensions_solvesTheSameEquation(int rows) {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        FeatureMatrix x = normal(random, rows, 30, 0);
        FeatureMatrix y = normal(random, rows, 30, 1);
        DMatrixRMaj covariance = new DMatrixRMaj(30, 30);
        CommonOps_DDRM.add(0.5, Gaussian.of(x).covariance(), 0.5, Gaussian.of(y).covariance(), covariance);
        double ridge = 1e-3 * CommonOps_DDRM.trace(covariance) / 30;
        double[] direction = ClassifierTwoSample.direction(Centred.of(x), Centred.of(y));
        for (int i = 0; i < 30; i++) {
            double product = ridge * direction[i];
            for (int j = 0; j < 30; j++) {
                product += covariance.get(i, j) * direction[j];
            }
            assertThat(product)
                    .isCloseTo(Centred.of(x).mean()[i] - Centred.of(y).mean()[i], within(1e-9));
        }
    }

    static FeatureMatrix normal(Random random, int rows, int columns, double mean) {
        double[] values = new double[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = mean + random.nextGaussian();
        }
        return new FeatureMatrix(rows, columns, values);
    }
}

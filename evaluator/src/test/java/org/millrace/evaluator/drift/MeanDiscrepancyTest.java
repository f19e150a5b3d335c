package org.millrace.evaluator.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.encoder.matrix.FeatureMatrix;
import org.millrace.evaluator.RandomMatrices;
import org.millrace.evaluator.ReferenceVector;

final class MeanDiscrepancyTest {
    private static final RbfKernel KERNEL = new RbfKernel(2);

    @Test
    void values_ofVector_matchReference() {
        ReferenceVector vector = ReferenceVector.load("metric_mmd");
        FeatureMatrix x = vector.matrix("X");
        FeatureMatrix y = vector.matrix("Y");
        RbfKernel median = RbfKernel.ofMedianDistance(pooled(x, y));
        vector.check("median_distance", median.sigma());
        MeanDiscrepancy discrepancy = MeanDiscrepancy.of(x, y, median);
        vector.check("mmd2_unbiased", discrepancy.unbiased());
        vector.check("mmd2_biased", discrepancy.biased());
        double[] sigmas = vector.numbers("sigmas");
        vector.check(
                "mmd2_unbiased_at_sigmas",
                Arrays.stream(sigmas)
                        .map(sigma ->
                                MeanDiscrepancy.of(x, y, new RbfKernel(sigma)).unbiased())
                        .toArray());
        vector.check(
                "mmd2_biased_at_sigmas",
                Arrays.stream(sigmas)
                        .map(sigma ->
                                MeanDiscrepancy.of(x, y, new RbfKernel(sigma)).biased())
                        .toArray());
        vector.allChecked();
    }

    @ParameterizedTest
    @CsvSource({"12,30", "30,12", "2,2", "25,25"})
    void values_ofRandomSamples_agreeWithLoopsOverAllPairs(int n, int m) {
        Random random = RandomMatrices.random(13_100 + n);
        FeatureMatrix x = RandomMatrices.mixed(random, n, 5);
        FeatureMatrix y = RandomMatrices.mixed(random, m, 5);
        double withoutSelf = 0;
        double withSelf = 0;
        for (int i = 0; i < n + m; i++) {
            for (int j = 0; j < n + m; j++) {
                double value = Math.exp(-squaredDistance(pooled(x, y), i, j) / 8);
                boolean first = i < n;
                if (first == j < n) {
                    double size = first ? n : m;
                    withoutSelf += i == j ? 0 : value / (size * (size - 1));
                    withSelf += value / (size * size);
                } else {
                    withoutSelf -= value / ((double) n * m);
                    withSelf -= value / ((double) n * m);
                }
            }
        }
        MeanDiscrepancy discrepancy = MeanDiscrepancy.of(x, y, KERNEL);
        assertThat(discrepancy.unbiased()).isCloseTo(withoutSelf, within(1e-12));
        assertThat(discrepancy.biased()).isCloseTo(withSelf, within(1e-12));
    }

    @Test
    void sigma_ofRandomRows_isTheMiddleOfAllDistances() {
        Random random = RandomMatrices.random(13_200);
        for (int rows : new int[] {2, 3, 8, 9, 10}) {
            FeatureMatrix x = RandomMatrices.gaussian(random, rows, 3);
            double[] distances = new double[rows * (rows - 1) / 2];
            for (int i = 0, at = 0; i < rows; i++) {
                for (int j = i + 1; j < rows; j++) {
                    distances[at++] = Math.sqrt(squaredDistance(x, i, j));
                }
            }
            Arrays.sort(distances);
            int half = distances.length / 2;
            double median = distances.length % 2 == 1 ? distances[half] : (distances[half - 1] + distances[half]) / 2;
            assertThat(RbfKernel.ofMedianDistance(x).sigma()).isCloseTo(median, within(1e-14));
        }
    }

    @Test
    void pValue_ofFourRows_isNearTheShareOfCutsThatAreAsFarApart() {
        FeatureMatrix x = new FeatureMatrix(2, 1, new double[] {0, 0.1});
        FeatureMatrix y = new FeatureMatrix(2, 1, new double[] {3, 3.2});
        assertThat(MeanDiscrepancy.of(x, y, KERNEL).pValue(6000, 1, 0)).isCloseTo(2.0 / 6, within(0.03));
    }

    @Test
    void pValue_ofShiftedSamples_isSmallestPossible() {
        Random random = RandomMatrices.random(13_300);
        FeatureMatrix x = RandomMatrices.gaussian(random, 60, 8);
        double[] shifted = RandomMatrices.gaussian(random, 50, 8).values();
        for (int i = 0; i < shifted.length; i++) {
            shifted[i] += 0.8;
        }
        MeanDiscrepancy discrepancy =
                MeanDiscrepancy.of(x, new FeatureMatrix(50, 8, shifted), RbfKernel.ofMedianDistance(x));
        assertThat(discrepancy.pValue(199, 7, 0)).isEqualTo(1.0 / 200);
    }

    @Test
    void pValue_ofSamplesOfOneDistribution_isUnderFivePercentFivePercentOfTheTime() {
        Random random = RandomMatrices.random(13_400);
        int alarms = 0;
        for (int window = 0; window < 400; window++) {
            FeatureMatrix x = RandomMatrices.gaussian(random, 20, 3);
            FeatureMatrix y = RandomMatrices.gaussian(random, 15, 3);
            alarms += MeanDiscrepancy.of(x, y, KERNEL).pValue(99, 5, window) <= 0.05 ? 1 : 0;
        }
        assertThat(alarms).isBetween(8, 34); // 20 expected, three standard deviations about it
    }

    @Test
    void pValue_ofOneSeedAndStep_isAlwaysTheSame() {
        Random random = RandomMatrices.random(13_500);
        MeanDiscrepancy discrepancy = MeanDiscrepancy.of(
                RandomMatrices.gaussian(random, 30, 3), RandomMatrices.gaussian(random, 30, 3), KERNEL);
        double p = discrepancy.pValue(200, 3, 4);
        assertThat(discrepancy.pValue(200, 3, 4)).isEqualTo(p);
        assertThat(new double[] {
                    discrepancy.pValue(200, 4, 4), discrepancy.pValue(200, 3, 5), discrepancy.pValue(200, 3, 6)
                })
                .isNotEqualTo(new double[] {p, p, p});
    }

    @Test
    void values_ofConstantSamples_areZeroAndNoAlarm() {
        MeanDiscrepancy discrepancy =
                MeanDiscrepancy.of(RandomMatrices.constant(7, 3), RandomMatrices.constant(9, 3), KERNEL);
        assertThat(discrepancy.unbiased()).isCloseTo(0, within(1e-15));
        assertThat(discrepancy.biased()).isCloseTo(0, within(1e-15));
        assertThat(discrepancy.pValue(50, 1, 1)).isEqualTo(1);
    }

    @Test
    void of_badSamples_saysWhatIsWrong() {
        FeatureMatrix x = RandomMatrices.gaussian(new Random(1), 5, 3);
        FeatureMatrix one = new FeatureMatrix(1, 3, new double[3]);
        assertThatThrownBy(() -> MeanDiscrepancy.of(x, one, KERNEL))
                .hasMessage("not enough features for the mean discrepancy: it needs at least 2 rows, but got 1");
        assertThatThrownBy(() -> MeanDiscrepancy.of(x, RandomMatrices.with(x, 0, Double.NaN), KERNEL))
                .hasMessageContaining("finite");
        assertThatThrownBy(() -> MeanDiscrepancy.of(x, RandomMatrices.gaussian(new Random(1), 5, 4), KERNEL))
                .hasMessageContaining("equally wide");
        assertThatThrownBy(() -> RbfKernel.ofMedianDistance(new FeatureMatrix(4, 1, new double[] {2, 2, 2, 2})))
                .hasMessage("the reference of 4 rows has no bandwidth: more than half of its pairs have distance 0");
        assertThatThrownBy(() -> new RbfKernel(Double.NaN)).hasMessageContaining("positive and finite");
        assertThatThrownBy(() -> MeanDiscrepancy.of(x, x, KERNEL).pValue(0, 1, 1))
                .hasMessage("permutations must be at least 1, but were 0");
    }

    private static FeatureMatrix pooled(FeatureMatrix x, FeatureMatrix y) {
        double[] values = Arrays.copyOf(x.values(), x.values().length + y.values().length);
        System.arraycopy(y.values(), 0, values, x.values().length, y.values().length);
        return new FeatureMatrix(x.rows() + y.rows(), x.columns(), values);
    }

    private static double squaredDistance(FeatureMatrix x, int i, int j) {
        double squares = 0;
        for (int d = 0; d < x.columns(); d++) {
            double difference = x.values()[i * x.columns() + d] - x.values()[j * x.columns() + d];
            squares += difference * difference;
        }
        return squares;
    }
}

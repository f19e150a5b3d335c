package org.millrace.evaluator.drift.detector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.millrace.numerics.VectorMatrices.matrix;

import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.RandomMatrices;

final class MeanDiscrepancyTest {
    private static final RbfKernel KERNEL = new RbfKernel(2);

    @Test
    void values_ofVector_matchReference() {
        ReferenceVector vector = ReferenceVector.load("metric_mmd");
        FeatureMatrix x = matrix(vector, "X");
        FeatureMatrix y = matrix(vector, "Y");
        RbfKernel median = RbfKernel.ofMedianDistance(pooled(x, y));
        vector.check("median_distance", median.sigma());
        MeanDiscrepancy.Value discrepancy = value(x, y, median);
        vector.check("mmd2_unbiased", discrepancy.unbiased());
        vector.check("mmd2_biased", discrepancy.biased());
        double[] sigmas = vector.numbers("sigmas");
        vector.check(
                "mmd2_unbiased_at_sigmas",
                Arrays.stream(sigmas)
                        .map(sigma -> value(x, y, new RbfKernel(sigma)).unbiased())
                        .toArray());
        vector.check(
                "mmd2_biased_at_sigmas",
                Arrays.stream(sigmas)
                        .map(sigma -> value(x, y, new RbfKernel(sigma)).biased())
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
        MeanDiscrepancy.Value discrepancy = value(x, y, KERNEL);
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
    void unbiasedOfPart_ofChosenRows_isThatOfTwoSamples() {
        Random random = RandomMatrices.random(13_300);
        FeatureMatrix all = RandomMatrices.mixed(random, 40, 5);
        int[] chosen = {3, 39, 0, 17, 18, 25, 7};
        int[] others = IntStream.range(0, 40)
                .filter(row -> Arrays.stream(chosen).noneMatch(c -> c == row))
                .toArray();
        assertThat(MeanDiscrepancy.from(all, KERNEL).unbiasedOfPart(chosen))
                .isCloseTo(value(all.select(chosen), all.select(others), KERNEL).unbiased(), within(1e-12));
    }

    @Test
    void of_withTheTotalOfBefore_isTheSame() {
        Random random = RandomMatrices.random(13_500);
        FeatureMatrix x = RandomMatrices.gaussian(random, 30, 3);
        MeanDiscrepancy reference = MeanDiscrepancy.from(RandomMatrices.gaussian(random, 60, 3), KERNEL);
        assertThat(reference.of(x, OptionalDouble.of(reference.total())))
                .isEqualTo(reference.of(x, OptionalDouble.empty()));
    }

    @Test
    void values_ofConstantSamples_areZero() {
        MeanDiscrepancy.Value discrepancy = value(RandomMatrices.constant(7, 3), RandomMatrices.constant(9, 3), KERNEL);
        assertThat(discrepancy.unbiased()).isCloseTo(0, within(1e-15));
        assertThat(discrepancy.biased()).isCloseTo(0, within(1e-15));
    }

    @Test
    void of_badSamples_saysWhatIsWrong() {
        FeatureMatrix x = RandomMatrices.gaussian(new Random(1), 5, 3);
        FeatureMatrix one = new FeatureMatrix(1, 3, new double[3]);
        assertThatThrownBy(() -> value(x, one, KERNEL))
                .hasMessage("not enough features for the mean discrepancy: it needs at least 2 rows, but got 1");
        assertThatThrownBy(() -> value(x, RandomMatrices.with(x, 0, Double.NaN), KERNEL))
                .hasMessageContaining("finite");
        assertThatThrownBy(() -> value(x, RandomMatrices.gaussian(new Random(1), 5, 4), KERNEL))
                .hasMessageContaining("equally wide");
        assertThatThrownBy(() -> new RbfKernel(Double.NaN)).hasMessageContaining("finite and not negative");
    }

    private static MeanDiscrepancy.Value value(FeatureMatrix x, FeatureMatrix y, RbfKernel kernel) {
        return MeanDiscrepancy.from(y, kernel).of(x, OptionalDouble.empty());
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

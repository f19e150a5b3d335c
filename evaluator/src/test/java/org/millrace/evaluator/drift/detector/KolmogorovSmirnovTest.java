package org.millrace.evaluator.drift.detector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.numerics.RandomMatrices;

final class KolmogorovSmirnovTest {
    @Test
    void values_ofVector_matchReference() {
        ReferenceVector vector = ReferenceVector.load("metric_ks");
        for (String suffix : List.of("", "_ties")) {
            KolmogorovSmirnov test =
                    KolmogorovSmirnov.between(vector.doubles("a" + suffix), vector.doubles("b" + suffix));
            vector.check("D" + suffix, test.statistic());
            vector.check(
                    "p_asymptotic" + suffix,
                    KolmogorovSmirnov.exceedance(Math.sqrt(test.effectiveSize()) * test.statistic()));
            vector.check("p_stephens" + suffix, test.stephensPValue());
        }
        vector.allChecked();
    }

    @ParameterizedTest
    @CsvSource({"1,1", "30,40", "200,7"})
    void statistic_ofRandomSamples_agreesWithCountingAtEachValue(int n, int m) {
        Random random = RandomMatrices.random(15_100 + n);
        double[] a = random.ints(n, 0, 12).asDoubleStream().toArray();
        double[] b = random.ints(m, 2, 15).asDoubleStream().toArray();
        double expected = DoubleStream.concat(Arrays.stream(a), Arrays.stream(b))
                .map(at -> Math.abs(Arrays.stream(a).filter(v -> v <= at).count() / (double) n
                        - Arrays.stream(b).filter(v -> v <= at).count() / (double) m))
                .max()
                .orElseThrow();
        assertThat(KolmogorovSmirnov.between(a, b).statistic()).isCloseTo(expected, within(1e-15));
    }

    @Test
    void exceedance_atEveryLambda_agreesWithTheLongSeries() {
        for (double lambda = 0.04; lambda < 3; lambda += 0.02) {
            double sum = 0;
            for (int j = 1; j <= 2000; j++) {
                sum += (j % 2 == 1 ? 2 : -2) * Math.exp(-2.0 * j * j * lambda * lambda);
            }
            assertThat(KolmogorovSmirnov.exceedance(lambda))
                    .as("λ %s", lambda)
                    .isCloseTo(sum, within(1e-12))
                    .isBetween(0.0, 1.0);
        }
    }

    @Test
    void pValues_ofSamplesOfOneDistribution_areUnderFivePercentFivePercentOfTheTime() {
        Random random = RandomMatrices.random(15_200);
        int alarms = 0;
        for (int window = 0; window < 2000; window++) {
            double[] a = random.doubles(80).toArray();
            double[] b = random.doubles(90).toArray();
            alarms += KolmogorovSmirnov.between(a, b).stephensPValue() <= 0.05 ? 1 : 0;
        }
        assertThat(alarms).isBetween(60, 130); // 100 expected, at most: D has steps
    }

    @Test
    void pValues_ofTheSameAndOfDistinctSamples_areOneAndZero() {
        double[] constant = {4, 4, 4};
        KolmogorovSmirnov same = KolmogorovSmirnov.between(constant, constant);
        assertThat(same.statistic()).isZero();
        assertThat(same.stephensPValue()).isEqualTo(1);
        double[] low = new double[100];
        double[] high = DoubleStream.generate(() -> 1).limit(100).toArray();
        KolmogorovSmirnov distinct = KolmogorovSmirnov.between(low, high);
        assertThat(distinct.statistic()).isEqualTo(1);
        assertThat(distinct.stephensPValue()).isBetween(0.0, 1e-40);
    }

    @Test
    void between_badValues_saysWhatIsWrong() {
        assertThatThrownBy(() -> KolmogorovSmirnov.between(new double[0], new double[] {1}))
                .hasMessage("not enough values for Kolmogorov–Smirnov: it needs at least 1, but got 0");
        assertThatThrownBy(() -> KolmogorovSmirnov.between(new double[] {1}, new double[] {2, Double.NaN}))
                .hasMessage("Kolmogorov–Smirnov: values must be finite, but one was NaN");
    }
}

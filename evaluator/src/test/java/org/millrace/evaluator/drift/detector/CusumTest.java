package org.millrace.evaluator.drift.detector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CusumTest {
    private static final long SEED = 17;

    @ParameterizedTest
    @CsvSource({"0.25, 100", "0.5, 100", "0.5, 1000", "1, 300"})
    void ofExpectedRun_normalScores_alarmsAsOftenAsAsked(double allowance, double expectedRun) {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        Cusum cusum = Cusum.ofExpectedRun(allowance, expectedRun);
        int alarms = 0;
        int windows = (int) (2_000 * expectedRun);
        for (int i = 0; i < windows; i++) {
            cusum = cusum.after(random.nextGaussian());
            alarms += cusum.alarms() ? 1 : 0;
        }
        assertThat(windows / (double) alarms).isBetween(0.9 * expectedRun, 1.1 * expectedRun);
    }

    @Test
    void after_aRiseOfHalfADeviation_alarmsFarSooner() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        double windows = 0;
        for (int trial = 0; trial < 500; trial++) {
            Cusum cusum = Cusum.ofExpectedRun(0.25, 1000);
            while (!cusum.alarms()) {
                cusum = cusum.after(0.5 + random.nextGaussian());
                windows++;
            }
        }
        assertThat(windows / 500).isBetween(15.0, 40.0);
    }

    @Test
    void after_anAlarm_beginsAnew() {
        Cusum cusum = new Cusum(0.5, 2, 0).after(9);
        assertThat(cusum.alarms()).isTrue();
        assertThat(cusum.after(1).sum()).isEqualTo(0.5);
    }

    @Test
    void ofExpectedRun_tooShort_isRefused() {
        assertThatThrownBy(() -> Cusum.ofExpectedRun(0.5, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the expected run must be above");
        assertThatThrownBy(() -> Cusum.ofExpectedRun(0.5, 100).after(Double.NaN))
                .isInstanceOf(IllegalArgumentException.class);
    }
}

package org.millrace.trainer.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.millrace.contract.event.StepDone;

class CollapseWatchTest {
    private static final int IMAGES = 512;
    private static final int DIMENSION = 32;

    @Test
    void spread_directionsOfAllKinds_isNearOne() {
        assertThat(CollapseWatch.spread(rows(1, 0), IMAGES)).isCloseTo(1, within(0.02));
    }

    @Test
    void spread_oneDirection_isZero() {
        assertThat(CollapseWatch.spread(rows(0, 1), IMAGES)).isCloseTo(0, within(1e-6));
        assertThat(CollapseWatch.spread(rows(0.1, 1), IMAGES)).isBetween(0.05, 0.2);
    }

    @Test
    void spread_numbersThatAreNoRows_areRefused() {
        assertThatThrownBy(() -> CollapseWatch.spread(new float[7], 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("7 numbers are no 2 rows");
    }

    @Test
    void after_twentyStepsInARow_reachesTheLimitOnceUntilItRecovers() {
        CollapseWatch watch = new CollapseWatch();
        int said = 0;
        for (int step = 1; step <= 100; step++) {
            boolean collapsed = step > 10 && step != 29 && step != 70;
            boolean now = watch.after(collapsed ? 0.001 : 0.5) == StepDone.COLLAPSED_STEPS;
            said += now ? 1 : 0;
            assertThat(now).as("step %d", step).isEqualTo(step == 49 || step == 90);
        }
        assertThat(said).isEqualTo(2);
    }

    // unit rows of noise around a common direction
    private static float[] rows(double noise, double common) {
        System.out.println("seed 3");
        Random random = new Random(3);
        float[] rows = new float[IMAGES * DIMENSION];
        for (int i = 0; i < IMAGES; i++) {
            double[] row = new double[DIMENSION];
            double norm = 0;
            for (int j = 0; j < DIMENSION; j++) {
                row[j] = common + noise * random.nextGaussian();
                norm += row[j] * row[j];
            }
            for (int j = 0; j < DIMENSION; j++) {
                rows[i * DIMENSION + j] = (float) (row[j] / Math.sqrt(norm));
            }
        }
        return rows;
    }
}

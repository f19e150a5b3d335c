package org.millrace.trainer.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NullDistancesTest {
    private static final long SEED = 5;

    @Test
    void quantile_manyDistances_isThatOfTheNewestOnes() {
        Random random = new Random(SEED);
        NullDistances distances = new NullDistances();
        List<Float> all = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            float distance = random.nextInt(500) / 100f; // with ties
            distances.add(distance);
            all.add(distance);
            List<Float> newest = all.subList(Math.max(0, all.size() - NullDistances.MOST), all.size());
            float wanted =
                    newest.size() < 200 ? -1 : newest.stream().sorted().toList().get(newest.size() / 50 - 1);
            assertThat(distances.quantile(0.02))
                    .as("after %d, seed %d", i, SEED)
                    .isEqualTo(wanted);
            if (i % 500 == 0) {
                assertThat(distances.all()).containsExactly(newest.toArray(Float[]::new));
            }
        }
    }
}

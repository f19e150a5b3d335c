package org.millrace.trainer.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;

final class TranslationTest {
    private static final long SEED = 53;

    @ParameterizedTest
    @CsvSource({
        "0, 0, 1 2 3 4 5 6 7 8 9",
        "0, 1, 2 1 2 5 4 5 8 7 8",
        "0, -1, 2 3 2 5 6 5 8 9 8",
        "1, 0, 4 5 6 1 2 3 4 5 6",
        "-2, 0, 7 8 9 4 5 6 1 2 3",
        "1, 2, 6 5 4 3 2 1 6 5 4",
    })
    void apply_smallImage_borderReflectedAtTheEdge(int down, int right, String wanted) {
        float[] image = {1, 2, 3, 4, 5, 6, 7, 8, 9};
        new Translation(down, right).apply(image, 3, 3, new float[9]);
        String[] values = wanted.split(" ", -1);
        for (int i = 0; i < image.length; i++) {
            assertThat(image[i]).as("value %d", i).isEqualTo(Float.parseFloat(values[i]));
        }
    }

    /** Against the image as a function of real positions, reflected by the formula |((x + p) mod 2p) − p|, p = size − 1. */
    @Test
    void apply_randomImages_asTheSlowReference() {
        System.out.println("seed " + SEED);
        RandomGenerator random = CounterRandom.of(SEED, 0, Purpose.SHUFFLE, 0);
        for (int i = 0; i < 200; i++) {
            int height = 16 + random.nextInt(20);
            int width = 16 + random.nextInt(20);
            float[] image = new float[3 * height * width];
            for (int j = 0; j < image.length; j++) {
                image[j] = random.nextFloat();
            }
            float[] before = image.clone();
            Translation shift = Translation.draw(15, random);
            shift.apply(image, height, width, new float[height * width]);
            for (int j = 0; j < image.length; j++) {
                int row = reflected(j / width % height - shift.down(), height);
                int column = reflected(j % width - shift.right(), width);
                int plane = j / (height * width);
                assertThat(image[j]).isEqualTo(before[(plane * height + row) * width + column]);
            }
        }
    }

    @Test
    void draw_manyTimes_everyShiftEquallyOften() {
        System.out.println("seed " + SEED);
        int draws = 81 * 200;
        Map<Translation, Integer> counts = new HashMap<>();
        for (int i = 0; i < draws; i++) {
            counts.merge(Translation.draw(4, CounterRandom.of(SEED, i, Purpose.VIEW_ONE, 0)), 1, Integer::sum);
        }
        assertThat(counts).hasSize(81).allSatisfy((shift, count) -> {
            assertThat(shift.down()).isBetween(-4, 4);
            assertThat(shift.right()).isBetween(-4, 4);
            assertThat(count).isBetween(130, 270); // 200 ± 5 σ
        });
    }

    private static int reflected(int position, int size) {
        int period = size - 1;
        return Math.abs(Math.floorMod(position + period, 2 * period) - period);
    }
}

package org.millrace.encoder.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.config.AugmentConfig;
import org.millrace.contract.config.ConfigLoader;

final class RandomCropTest {
    private static final long SEED = 31;

    @Test
    void draw_imagesOfAnySize_boxLiesInside() {
        System.out.println("seed " + SEED);
        AugmentConfig config = config(0.08, 1);
        RandomGenerator sizes = CounterRandom.of(SEED, 0, Purpose.SHUFFLE, 0);
        for (int i = 0; i < 20_000; i++) {
            int height = 1 + sizes.nextInt(i % 2 == 0 ? 8 : 300);
            int width = 1 + sizes.nextInt(i % 3 == 0 ? 8 : 300);
            RandomCrop crop = RandomCrop.draw(height, width, config, CounterRandom.of(SEED, i, Purpose.VIEW_ONE, 0));
            assertThat(crop.height()).isBetween(1, height);
            assertThat(crop.width()).isBetween(1, width);
            assertThat(crop.top()).isBetween(0, height - crop.height());
            assertThat(crop.left()).isBetween(0, width - crop.width());
        }
    }

    @ParameterizedTest
    @CsvSource({"0.75, 1.3333333333333333", "0.7, 1.4", "1.5, 2"})
    void draw_squareImage_areaAndRatioInTheirRanges(double ratioMin, double ratioMax) {
        System.out.println("seed " + SEED);
        AugmentConfig config =
                config(0.2, 0.45, "augment.crop-ratio-min=" + ratioMin, "augment.crop-ratio-max=" + ratioMax);
        int side = 1000; // so large that rounding to whole pixels hardly matters
        double smallest = 1;
        double largest = 0;
        double narrowest = Double.MAX_VALUE;
        double widest = 0;
        for (int i = 0; i < 5_000; i++) {
            RandomCrop crop = RandomCrop.draw(side, side, config, CounterRandom.of(SEED, i, Purpose.VIEW_TWO, 0));
            double area = (double) crop.height() * crop.width() / side / side;
            double ratio = (double) crop.width() / crop.height();
            smallest = Math.min(smallest, area);
            largest = Math.max(largest, area);
            narrowest = Math.min(narrowest, ratio);
            widest = Math.max(widest, ratio);
        }
        assertThat(smallest).isBetween(0.198, 0.205);
        assertThat(largest).isBetween(0.445, 0.452);
        assertThat(narrowest).isBetween(ratioMin - 0.005, ratioMin + 0.01);
        assertThat(widest).isBetween(ratioMax - 0.01, ratioMax + 0.005);
    }

    @ParameterizedTest
    @CsvSource({"300, 1, 149, 0, 1, 1", "1, 300, 0, 149, 1, 1", "90, 3, 43, 0, 4, 3", "3, 90, 0, 43, 3, 4"})
    void draw_veryLongImage_centralBox(int height, int width, int top, int left, int boxHeight, int boxWidth) {
        RandomCrop crop =
                RandomCrop.draw(height, width, config(0.9, 1), CounterRandom.of(SEED, 0, Purpose.VIEW_ONE, 0));
        assertThat(crop).isEqualTo(new RandomCrop(top, left, boxHeight, boxWidth));
    }

    private static AugmentConfig config(double scaleMin, double scaleMax, String... others) {
        List<String> assignments =
                new ArrayList<>(List.of("augment.crop-scale-min=" + scaleMin, "augment.crop-scale-max=" + scaleMax));
        assignments.addAll(List.of(others));
        return new ConfigLoader().assignments(assignments).load().augment();
    }
}

package org.millrace.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.CounterRandom.Purpose;

final class CounterRandomTest {
    private static final long SEED = 20_260_101;

    // computed by a second implementation, in Python; every run's history hangs on these values
    @ParameterizedTest
    @CsvSource({
        "1, 1, VIEW_ONE, 0, 4805900108972053845, -8094171093703659440, -4978920718835244485",
        "1, 1, VIEW_TWO, 0, 3006853536882410704, 3550568163868477652, -1750294731255389210",
        "-1, 1000000007, BUFFER_INSERT, 255, 629999347489766251, -597366262829004167, 1536291406220360942",
        "0, 0, WEIGHTS, 0, -4953133620174005485, 4097364996965944034, 5838966291860287622",
    })
    void nextLong_knownCoordinates_pinnedValues(
            long seed, long step, Purpose purpose, long index, long first, long second, long third) {
        CounterRandom random = CounterRandom.of(seed, step, purpose, index);
        assertThat(draws(random, 3)).containsExactly(first, second, third);
    }

    @Test
    void of_sameCoordinates_sameDraws() {
        assertThat(draws(CounterRandom.of(SEED, 5, Purpose.VIEW_ONE, 3), 100))
                .containsExactly(draws(CounterRandom.of(SEED, 5, Purpose.VIEW_ONE, 3), 100));
    }

    @Test
    void of_anyCoordinateDiffers_drawsDiffer() {
        Set<Long> seen = new HashSet<>();
        int generators = 0;
        for (long seed = 0; seed < 4; seed++) {
            for (long step = 0; step < 4; step++) {
                for (Purpose purpose : Purpose.values()) {
                    for (long index = 0; index < 4; index++) {
                        for (long draw : draws(CounterRandom.of(seed, step, purpose, index), 10)) {
                            seen.add(draw);
                        }
                        generators++;
                    }
                }
            }
        }
        assertThat(seen).as("no two of the draws are equal").hasSize(10 * generators);
    }

    @Test
    void nextDouble_manyDraws_uniform() {
        System.out.println("seed " + SEED);
        CounterRandom random = CounterRandom.of(SEED, 1, Purpose.SHUFFLE, 0);
        assertUniform(100_000, random::nextDouble);
    }

    @Test
    void nextDouble_firstDrawOfManyIndexes_uniform() {
        System.out.println("seed " + SEED);
        long[] index = {0};
        assertUniform(
                100_000,
                () -> CounterRandom.of(SEED, 1, Purpose.VIEW_ONE, index[0]++).nextDouble());
    }

    @Test
    void nextLong_neighbouringSteps_halfOfTheBitsDiffer() {
        System.out.println("seed " + SEED);
        int pairs = 10_000;
        long bits = 0;
        for (long step = 0; step < pairs; step++) {
            long here = CounterRandom.of(SEED, step, Purpose.VIEW_ONE, 0).nextLong();
            long next = CounterRandom.of(SEED, step + 1, Purpose.VIEW_ONE, 0).nextLong();
            bits += Long.bitCount(here ^ next);
        }
        assertThat(bits / (double) pairs).isCloseTo(32, within(5 * 4 / Math.sqrt(pairs))); // 5 σ of the mean
    }

    // χ² over 64 bins has mean 63 and deviation √126; the mean of n draws has deviation 1/√(12 n): both within 5
    // deviations
    private static void assertUniform(int count, java.util.function.DoubleSupplier draw) {
        int bins = 64;
        int[] counts = new int[bins];
        double sum = 0;
        for (int i = 0; i < count; i++) {
            double value = draw.getAsDouble();
            counts[(int) (value * bins)]++;
            sum += value;
        }
        double expected = count / (double) bins;
        double chiSquare = Arrays.stream(counts)
                .mapToDouble(c -> (c - expected) * (c - expected) / expected)
                .sum();
        assertThat(chiSquare).isCloseTo(bins - 1, within(5 * Math.sqrt(2.0 * (bins - 1))));
        assertThat(sum / count).isCloseTo(0.5, within(5 / Math.sqrt(12.0 * count)));
    }

    private static long[] draws(CounterRandom random, int count) {
        long[] draws = new long[count];
        for (int i = 0; i < count; i++) {
            draws[i] = random.nextLong();
        }
        return draws;
    }
}

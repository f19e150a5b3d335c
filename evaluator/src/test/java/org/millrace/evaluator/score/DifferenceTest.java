package org.millrace.evaluator.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Paired differences against published intervals, and their coverage by enumeration of a slow reference. */
class DifferenceTest {
    /** Newcombe's method 10: a trial in Fagerland, Lydersen, Laake (2014), and the paper's own first example. */
    @ParameterizedTest
    @CsvSource({"59, 6, 16, 161, -0.0621, -0.1186, -0.0046", "36, 12, 2, 50, 0.2000, 0.0569, 0.3404"})
    void of_publishedTables_haveTheirIntervals(
            int both, int first, int second, int images, double difference, double low, double high) {
        Difference got = Difference.of(both, first, second, images);
        assertThat(got.difference()).isCloseTo(difference, within(5e-5));
        assertThat(got.low()).isCloseTo(low, within(5e-5));
        assertThat(got.high()).isCloseTo(high, within(5e-5));
        assertThat(got.isClear()).isTrue();
    }

    @Test
    void of_hits_countsThemAndTurnsRoundWhenSwapped() {
        long seed = 11;
        Random random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            int images = 1 + random.nextInt(200);
            BitSet first = bits(random, images);
            BitSet second = bits(random, images);
            Difference there = Difference.of(first, second, images);
            Difference back = Difference.of(second, first, images);
            int alone = 0;
            for (int i = 0; i < images; i++) {
                alone += first.get(i) && !second.get(i) ? 1 : 0;
            }
            assertThat(there.onlyFirst()).as("seed %d, round %d", seed, round).isEqualTo(alone);
            assertThat(there.low()).as("seed %d, round %d", seed, round).isCloseTo(-back.high(), within(1e-12));
            assertThat(there.low()).isLessThanOrEqualTo(there.difference());
            assertThat(there.low()).isBetween(-1.0, 1.0);
        }
    }

    @Test
    void of_sameHits_isNothingWithANarrowInterval() {
        Difference same = Difference.of(400, 0, 0, 1000);
        assertThat(same.difference()).isZero();
        assertThat(same.isClear()).isFalse();
        assertThat(same.high()).isLessThan(0.005);
        assertThat(Difference.of(160, 240, 240, 1000).high())
                .as("independent ones")
                .isGreaterThan(0.04);
    }

    private static BitSet bits(Random random, int length) {
        BitSet bits = new BitSet();
        for (int i = 0; i < length; i++) {
            bits.set(i, random.nextInt(3) > 0);
        }
        return bits;
    }
}

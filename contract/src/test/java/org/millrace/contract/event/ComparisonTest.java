package org.millrace.contract.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.event.Comparison.Difference;

final class ComparisonTest {
    /** Newcombe (1998), Interval estimation for the difference between independent proportions, table II, method 10. */
    @ParameterizedTest
    @CsvSource({
        "56, 70, 48, 80, 0.0524, 0.3339",
        "9, 10, 3, 10, 0.1705, 0.8090",
        "6, 7, 2, 7, 0.0582, 0.8062",
        "5, 56, 0, 29, -0.0381, 0.1926",
        "0, 10, 0, 20, -0.1611, 0.2775",
        "0, 10, 0, 10, -0.2775, 0.2775",
        "10, 10, 0, 20, 0.6791, 1.0000"
    })
    void difference_newcombesExamples_isAsPublished(
            int hits, int images, int otherHits, int others, double low, double high) {
        Difference difference = Difference.of((double) hits / images, images, (double) otherHits / others, others);
        assertThat(difference.low()).isCloseTo(low, within(5e-5));
        assertThat(difference.high()).isCloseTo(high, within(5e-5));
    }

    @Test
    void of_differenceWithinChance_noDifferent() {
        assertThat(Comparison.of(0.6, 50, 0.62, 50)).isEqualTo(Comparison.NO_DIFFERENT);
        assertThat(Comparison.of(0.5, 50, 0.6, 50)).isEqualTo(Comparison.NO_DIFFERENT);
        assertThat(Comparison.of(0.6, 50, 0.6, 50)).isEqualTo(Comparison.NO_DIFFERENT);
        assertThat(Comparison.of(0.5, 1000, 0.6, 1000)).isEqualTo(Comparison.BELOW);
        assertThat(Comparison.of(0.6, 1000, 0.5, 1000)).isEqualTo(Comparison.ABOVE);
    }
}

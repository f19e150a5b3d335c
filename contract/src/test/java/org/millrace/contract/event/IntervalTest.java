package org.millrace.contract.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class IntervalTest {
    /** Newcombe (1998), Two-sided confidence intervals for the single proportion, table I, method 3. */
    @Test
    void wilson_newcombesExamples_isAsPublished() {
        assertThatIs(Interval.wilson(81, 263), 0.2553, 0.3662);
        assertThatIs(Interval.wilson(15, 148), 0.0624, 0.1605);
        assertThatIs(Interval.wilson(0, 20), 0, 0.1611);
        assertThatIs(Interval.wilson(1, 29), 0.0061, 0.1718);
    }

    @Test
    void wilson_everyImageRight_endsAtOne() {
        assertThat(Interval.wilson(20, 20).high()).isEqualTo(1);
        assertThat(Interval.wilson(20, 20).low()).isCloseTo(1 - 0.1611, within(5e-5));
    }

    private static void assertThatIs(Interval interval, double low, double high) {
        assertThat(interval.low()).isCloseTo(low, within(5e-5));
        assertThat(interval.high()).isCloseTo(high, within(5e-5));
    }
}

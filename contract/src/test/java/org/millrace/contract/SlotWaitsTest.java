package org.millrace.contract;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class SlotWaitsTest {
    private final SlotWaits waits = new SlotWaits();

    @Test
    void isLate_beforeTheFirstContribution_never() {
        assertThat(waits.isLate(Long.MAX_VALUE)).isFalse();
        assertThat(waits.lateAfterMillis()).isEmpty();
    }

    @Test
    void isLate_oneAndAHalfMediansOfTheNewest_andAtLeastFiveSeconds() {
        waits.add(100);
        assertThat(waits.lateAfterMillis()).hasValue(5_000);
        assertThat(waits.isLate(5_000)).isFalse();
        assertThat(waits.isLate(5_001)).isTrue();
        for (int i = 0; i < 33; i++) {
            waits.add(40_000);
        }
        assertThat(waits.lateAfterMillis()).hasValue(60_000);
        for (int i = 0; i < 64; i++) { // the earlier ones are forgotten
            waits.add(10_000);
        }
        assertThat(waits.isLate(15_000)).isFalse();
        assertThat(waits.isLate(15_001)).isTrue();
    }

    @Test
    void isLate_oneOfTwoProcessesSlow_afterOneAndAHalfWaitsOfTheFastOne() {
        for (int round = 0; round < 3; round++) {
            waits.add(20_000);
            assertThat(waits.lateAfterMillis()).hasValue(30_000);
            waits.add(50_000); // of the slow one, with the fast one's help
            assertThat(waits.lateAfterMillis()).hasValue(30_000);
        }
    }
}

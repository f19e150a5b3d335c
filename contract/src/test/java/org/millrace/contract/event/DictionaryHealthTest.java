package org.millrace.contract.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.millrace.contract.event.DictionaryHealth.Ages;

final class DictionaryHealthTest {
    @Test
    void at_stepsInAnyOrder_meanMedianOldest() {
        assertThat(Ages.at(10, new long[] {10, 3, 9})).isEqualTo(new Ages(8 / 3.0, 1, 7));
        assertThat(Ages.at(10, new long[] {4, 10, 9, 7})).isEqualTo(new Ages(2.5, 2, 6));
        assertThat(Ages.at(1, new long[] {1})).isEqualTo(new Ages(0, 0, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> Ages.at(1, new long[0]));
    }
}

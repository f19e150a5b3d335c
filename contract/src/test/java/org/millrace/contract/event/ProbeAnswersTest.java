package org.millrace.contract.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import org.junit.jupiter.api.Test;

class ProbeAnswersTest {
    private static final String PROBE = "0123456789abcdef".repeat(4);

    @Test
    void of_hits_surviveTheRecord() {
        BitSet linear = BitSet.valueOf(new long[] {0b1011, 0, 1L << 63});
        ProbeAnswers answers = ProbeAnswers.of(PROBE, linear, new BitSet());
        ProbeAnswers read = Json.read(Json.write(answers), ProbeAnswers.class);
        assertThat(read).isEqualTo(answers);
        assertThat(read.linearHits()).isEqualTo(linear);
        assertThat(read.neighbourHits()).isEqualTo(new BitSet());
        assertThat(answers.linear()).startsWith("CwAA");
    }

    @Test
    void constructor_noDigestOrNoBase64_isRefused() {
        assertThatThrownBy(() -> new ProbeAnswers("ab", "", ""))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("SHA-256");
        assertThatThrownBy(() -> new ProbeAnswers(PROBE, "?", "")).isInstanceOf(IllegalArgumentException.class);
    }
}

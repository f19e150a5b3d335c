package org.millrace.trainer.rounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.millrace.contract.config.RoundsConfig.Precision;

class ChangeTest {
    private static final long SEED = 7;

    @Test
    void between_fp32_isBeforeLessAfterToTheBit() {
        float[] before = {1, 2, 0.3f};
        float[] after = {0.5f, 2, 0.1f};
        byte[] sent = Change.between(before, after, Precision.FP32);
        assertThat(Change.read(sent, 3, Precision.FP32)).containsExactly(0.5f, 0, 0.3f - 0.1f);
    }

    @Test
    void between_int8_isWithinHalfAStepOfItsBlocksLargest() {
        var random = new SplittableRandom(SEED);
        int length = 2 * Change.BLOCK + 17;
        float[] before = new float[length];
        for (int i = 0; i < length; i++) { // blocks of very different size
            before[i] = (float) (random.nextDouble(-1, 1) * Math.pow(10, -3 * (i / Change.BLOCK)));
        }
        byte[] sent = Change.between(before, new float[length], Precision.INT8);
        assertThat(sent).hasSize(length + 3 * Float.BYTES);
        float[] read = Change.read(sent, length, Precision.INT8);
        for (int i = 0; i < length; i++) {
            double half = Math.pow(10, -3 * (i / Change.BLOCK)) / 254;
            assertThat((double) read[i])
                    .as("number %d", i)
                    .isBetween(before[i] - 1.001 * half, before[i] + 1.001 * half);
        }
    }

    @Test
    void between_int8_largestIsKeptAndZerosStayZero() {
        float[] before = {-0.127f, 0, 0.001f, 0.0004f};
        float[] read = Change.read(Change.between(before, new float[4], Precision.INT8), 4, Precision.INT8);
        assertThat(read[0]).isCloseTo(-0.127f, org.assertj.core.data.Offset.offset(1e-7f));
        assertThat(read[1]).isZero();
        assertThat(read[2]).isCloseTo(0.001f, org.assertj.core.data.Offset.offset(1e-7f));
        assertThat(read[3]).isZero();
        assertThat(Change.read(Change.between(new float[2], new float[2], Precision.INT8), 2, Precision.INT8))
                .containsOnly(0);
    }

    @Test
    void read_otherLength_isRefused() {
        byte[] sent = Change.between(new float[5], new float[5], Precision.INT8);
        assertThatThrownBy(() -> Change.read(sent, 6, Precision.INT8))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a change of 6 numbers has 9 bytes instead of 10");
    }

    /** A slot whose training diverged, or a forged contribution, must not reach the merged state. */
    @Test
    void read_numberThatIsNotFinite_isRefused() {
        for (Precision precision : Precision.values()) {
            byte[] sent = Change.between(new float[] {1, Float.POSITIVE_INFINITY}, new float[2], precision);
            assertThatThrownBy(() -> Change.read(sent, 2, precision)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}

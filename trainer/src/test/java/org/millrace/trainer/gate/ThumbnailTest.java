package org.millrace.trainer.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.millrace.encoder.image.Pixels;

class ThumbnailTest {
    @Test
    void of_greyTwiceAsLarge_isTheMeanOfFour() {
        byte[] values = new byte[32 * 32];
        values[0] = 10;
        values[1] = 20;
        values[32] = 30;
        values[33] = 41;
        values[31 * 32 + 31] = (byte) 255;
        byte[] thumbnail = Thumbnail.of(new Pixels(1, 32, 32, values));
        assertThat(thumbnail[0]).isEqualTo((byte) 25);
        assertThat(thumbnail[255]).isEqualTo((byte) 64);
        assertThat(thumbnail[1]).isZero();
    }

    @Test
    void of_colours_weighsThemAsLuminance() {
        byte[] values = new byte[3 * 16 * 16];
        java.util.Arrays.fill(values, 256, 512, (byte) 200);
        assertThat(Thumbnail.of(new Pixels(3, 16, 16, values))[7]).isEqualTo((byte) 117);
    }

    @Test
    void of_smallerOrOddSizes_coversEveryPlace() {
        byte[] values = new byte[5 * 37];
        java.util.Arrays.fill(values, (byte) 90);
        assertThat(Thumbnail.of(new Pixels(1, 5, 37, values))).containsOnly(90);
    }

    @Test
    void unit_withAndWithoutContrast_hasLengthOne() {
        byte[] flat = new byte[256];
        byte[] half = new byte[256];
        java.util.Arrays.fill(half, 0, 128, (byte) 100);
        for (byte[] thumbnail : new byte[][] {flat, half}) {
            double squares = 0;
            for (float value : Thumbnail.unit(thumbnail)) {
                squares += value * value;
            }
            assertThat(squares).isCloseTo(1, within(1e-6));
        }
        assertThat(Thumbnail.unit(flat)[256]).isEqualTo(1);
        assertThat(Thumbnail.unit(half)[256]).isLessThan(0.05f);
    }
}

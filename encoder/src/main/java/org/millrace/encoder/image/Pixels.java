package org.millrace.encoder.image;

import static org.millrace.contract.Check.check;

/**
 * A decoded image: C×H×W unsigned bytes, one plane per channel, RGB order. Owns its array, which is never changed.
 *
 * @param channels 1 (grey) or 3 (RGB)
 */
@SuppressWarnings("ArrayRecordComponent")
public record Pixels(int channels, int height, int width, byte[] values) {
    public Pixels {
        check(channels == 1 || channels == 3, "channels must be 1 or 3, but was %d", channels);
        check(
                values.length == channels * height * width,
                "%d bytes do not make %d×%d×%d",
                values.length,
                channels,
                height,
                width);
    }
}

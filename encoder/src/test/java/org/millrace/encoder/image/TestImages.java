package org.millrace.encoder.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.random.RandomGenerator;
import javax.imageio.ImageIO;
import org.millrace.contract.CounterRandom;

/** Encoded images with known pixels. */
public final class TestImages {
    private TestImages() {}

    /** RGB noise, the same for the same seed. */
    public static BufferedImage noise(int width, int height, long seed) {
        System.out.println("seed " + seed);
        RandomGenerator random = CounterRandom.of(seed, 0, CounterRandom.Purpose.PROBE, 0);
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, random.nextInt(1 << 24));
            }
        }
        return image;
    }

    public static byte[] write(BufferedImage image, String format) {
        var bytes = new ByteArrayOutputStream();
        try {
            if (!ImageIO.write(image, format, bytes)) {
                throw new IllegalArgumentException("no writer for this image as " + format);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /**
     * A lossless WebP image of one colour, put together by RFC 9649: without transforms and colour cache, five prefix codes of one
     * symbol each, whose uses take no bits; zeros behind them, since decoders read ahead.
     */
    static byte[] webp(int width, int height, int red, int green, int blue) {
        Bits bits = new Bits();
        bits.add(0x2f, 8).add(width - 1, 14).add(height - 1, 14).add(0, 1).add(0, 3);
        bits.add(0, 1).add(0, 1).add(0, 1);
        for (int symbol : new int[] {green, red, blue, 255}) {
            bits.add(1, 1).add(0, 1).add(1, 1).add(symbol, 8);
        }
        bits.add(1, 1).add(0, 1).add(0, 1).add(0, 1);
        byte[] stream = bits.toBytes();
        int padded = stream.length + 8 + stream.length % 2;
        return ByteBuffer.allocate(20 + padded)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(ascii("RIFF"))
                .putInt(12 + padded)
                .put(ascii("WEBPVP8L"))
                .putInt(padded)
                .put(stream)
                .array();
    }

    static byte[] ascii(String text) {
        return text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    }

    private static final class Bits {
        private final BitSet set = new BitSet();
        private int length;

        Bits add(int value, int count) {
            for (int i = 0; i < count; i++) {
                set.set(length++, ((value >> i) & 1) == 1);
            }
            return this;
        }

        byte[] toBytes() {
            return java.util.Arrays.copyOf(set.toByteArray(), (length + 7) / 8);
        }
    }
}

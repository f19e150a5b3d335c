package org.millrace.app.run;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;

/** Unusual, damaged and malicious image files. */
final class HostileImages {
    private static final Path FILES = Path.of("src/test/resources/hostile");

    private HostileImages() {}

    /** Well-formed files of every accepted kind, as their names say. */
    static Map<String, byte[]> odd() {
        Map<String, byte[]> odd = new LinkedHashMap<>();
        try (Stream<Path> files = Files.list(FILES)) {
            for (Path file : files.sorted().toList()) {
                odd.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return odd;
    }

    static byte[] file(String name) {
        try {
            return Files.readAllBytes(FILES.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A grey PNG of noise, each pixel below that brightness. */
    static byte[] noise(int width, int height, int brightness, RandomGenerator random) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < width * height; i++) {
            image.getRaster().setSample(i % width, i / width, 0, random.nextInt(brightness));
        }
        return written(image, "png");
    }

    /** Files that must be rejected whatever the limit of pixels. */
    static Map<String, byte[]> refused() {
        Map<String, byte[]> refused = new LinkedHashMap<>();
        refused.put("empty", new byte[0]);
        refused.put("text", "<html>404</html>".getBytes(StandardCharsets.UTF_8));
        refused.put("8 MiB of noise", noise(8 << 20));
        byte[] jpegStart = noise(8 << 20);
        System.arraycopy(new byte[] {(byte) 0xff, (byte) 0xd8, (byte) 0xff, (byte) 0xe0}, 0, jpegStart, 0, 4);
        refused.put("8 MiB that begin as a JPEG", jpegStart);
        refused.put("PNG of 60000×60000", pngBomb(60_000, 60_000));
        refused.put("PNG of 2147483647×2147483647", pngBomb(Integer.MAX_VALUE, Integer.MAX_VALUE));
        refused.put("GIF of 65535×65535", patched("colour.gif", 6, (short) -1, (short) -1));
        refused.put("BMP of 60000×60000", bmpBomb(60_000, 60_000));
        refused.put("BMP of a negative width", bmpBomb(-5, 7));
        refused.put("JPEG of 65500×65500", jpegBomb());
        refused.put("WebP of 16384×16384", webpBomb());
        refused.put("BMP with a JPEG inside, of 2 GB", bmpWithin(4));
        refused.put("BMP with a PNG inside, of 2 GB", bmpWithin(5));
        refused.put("JPEG of 20000 scans", scans(file("progressive.jpg"), 20_000, 2048));
        refused.put("WebP of 32×32 whose frame has 16383×16383", webpOfTwoSizes());
        refused.put("WebP of 32×32 with 65536 groups of codes", groups());
        refused.put("GIF of 10×10 on a screen of 65535×65535", screen());
        return refused;
    }

    /**
     * A damaged copy of a file: cut, bits turned, bytes overwritten, taken out, put in or exchanged, or a number of its head made the
     * largest there is.
     */
    static byte[] mutated(byte[] file, SplittableRandom random) {
        byte[] copy = file.clone();
        int at = random.nextInt(copy.length);
        int length = 1 + random.nextInt(Math.min(64, copy.length - at));
        switch (random.nextInt(7)) {
            case 0 -> copy = Arrays.copyOf(copy, at);
            case 1 -> {
                for (int flips = 1 + random.nextInt(32); flips > 0; flips--) {
                    copy[random.nextInt(copy.length)] ^= (byte) (1 << random.nextInt(8));
                }
            }
            case 2 -> {
                for (int i = at; i < at + length; i++) {
                    copy[i] = (byte) random.nextInt(256);
                }
            }
            case 3 -> copy = joined(Arrays.copyOf(copy, at), Arrays.copyOfRange(copy, at + length, copy.length));
            case 4 ->
                copy = joined(
                        Arrays.copyOf(copy, at),
                        Arrays.copyOfRange(file, 0, length),
                        Arrays.copyOfRange(copy, at, copy.length));
            case 5 -> {
                int from = random.nextInt(copy.length - length + 1);
                System.arraycopy(file, from, copy, at, length);
                System.arraycopy(file, at, copy, from, length);
            }
            default -> {
                int field = random.nextInt(Math.min(40, copy.length));
                Arrays.fill(copy, field, Math.min(copy.length, field + 1 + random.nextInt(4)), (byte) 0xff);
            }
        }
        return copy;
    }

    private static byte[] noise(int size) {
        byte[] bytes = new byte[size];
        new SplittableRandom(1).nextBytes(bytes);
        return bytes;
    }

    private static byte[] pngBomb(int width, int height) {
        byte[] file = file("one-pixel.png");
        CRC32 crc = new CRC32();
        crc.update(
                ByteBuffer.wrap(file).putInt(16, width).putInt(20, height).array(), 12, 17); // the head's kind and body
        ByteBuffer.wrap(file).putInt(29, (int) crc.getValue());
        return file;
    }

    private static byte[] bmpBomb(int width, int height) {
        byte[] file = written(new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB), "bmp");
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(18, width).putInt(22, height);
        return file;
    }

    private static byte[] jpegBomb() {
        byte[] file = written(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), "jpg");
        for (int i = 0; i < file.length - 8; i++) {
            if (file[i] == (byte) 0xff && file[i + 1] == (byte) 0xc0) { // the frame's head: length, bits, height, width
                ByteBuffer.wrap(file).putShort(i + 5, (short) 65_500).putShort(i + 7, (short) 65_500);
                return file;
            }
        }
        throw new AssertionError("no frame in the JPEG");
    }

    private static byte[] webpBomb() {
        byte[] file = file("lossless.webp");
        ByteBuffer.wrap(file)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(21, 0x0fffffff); // 14 bits each, behind the signature
        return file;
    }

    private static byte[] bmpWithin(int compression) {
        return ByteBuffer.allocate(54)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(new byte[] {'B', 'M'})
                .putInt(54)
                .putInt(0)
                .putInt(54)
                .putInt(40)
                .putInt(32)
                .putInt(32)
                .putShort((short) 1)
                .putShort((short) 0)
                .putInt(compression)
                .putInt(Integer.MAX_VALUE)
                .array();
    }

    /** The same progressive JPEG, larger by its own word, with its last scan so many times. */
    private static byte[] scans(byte[] jpeg, int count, int side) {
        int frame = -1;
        int scan = -1;
        for (int i = 0; i < jpeg.length - 1; i++) {
            if (jpeg[i] == (byte) 0xff && jpeg[i + 1] == (byte) 0xc2) {
                frame = i;
            } else if (jpeg[i] == (byte) 0xff && jpeg[i + 1] == (byte) 0xda) {
                scan = i;
            }
        }
        ByteBuffer.wrap(jpeg).putShort(frame + 5, (short) side).putShort(frame + 7, (short) side);
        var bytes = new ByteArrayOutputStream();
        bytes.write(jpeg, 0, scan);
        for (int i = 0; i < count; i++) {
            bytes.write(jpeg, scan, Math.min(60, jpeg.length - 2 - scan));
        }
        bytes.write(jpeg, jpeg.length - 2, 2);
        return bytes.toByteArray();
    }

    private static byte[] webpOfTwoSizes() {
        return ByteBuffer.allocate(48)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("RIFF".getBytes(StandardCharsets.US_ASCII))
                .putInt(40)
                .put("WEBPVP8X".getBytes(StandardCharsets.US_ASCII))
                .putInt(10)
                .putInt(0)
                .put(new byte[] {31, 0, 0, 31, 0, 0})
                .put("VP8 ".getBytes(StandardCharsets.US_ASCII))
                .putInt(10)
                .put(new byte[] {0, 0, 0, (byte) 0x9d, 1, 0x2a})
                .putInt(0x3fff3fff)
                .array();
    }

    /** RFC 9649: every block of 4×4 pixels names the last of 65,536 groups, of five codes with one symbol each, four bits long. */
    private static byte[] groups() {
        BitSet bits = new BitSet();
        int at = put(bits, 0, 0x2f, 8);
        at = put(bits, at, 31, 14);
        at = put(bits, at, 31, 14);
        at = put(bits, at, 1 << 6, 10); // no alpha, no transform, no cache; groups by blocks of 4
        at = put(bits, at, 0, 1);
        for (int symbol : new int[] {255, 255}) {
            at = put(bits, at, 0b101 | (symbol << 3), 11);
        }
        for (int code = 0; code < 3 + 5 * 65_536; code++) {
            at = put(bits, at, 1, 4);
        }
        byte[] data = Arrays.copyOf(bits.toByteArray(), at / 8 + 1 + (at / 8 + 1) % 2);
        return ByteBuffer.allocate(20 + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("RIFF".getBytes(StandardCharsets.US_ASCII))
                .putInt(12 + data.length)
                .put("WEBPVP8L".getBytes(StandardCharsets.US_ASCII))
                .putInt(data.length)
                .put(data)
                .array();
    }

    private static int put(BitSet bits, int at, int value, int count) {
        for (int i = 0; i < count; i++) {
            bits.set(at + i, ((value >> i) & 1) == 1);
        }
        return at + count;
    }

    private static byte[] screen() {
        byte[] gif = written(new BufferedImage(10, 10, BufferedImage.TYPE_BYTE_INDEXED), "gif");
        ByteBuffer.wrap(gif).putInt(6, -1);
        return gif;
    }

    private static byte[] patched(String name, int at, short first, short second) {
        byte[] file = file(name);
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putShort(at, first).putShort(at + 2, second);
        for (int i = 0; i < file.length - 10; i++) {
            if (file[i] == 0x2c
                    && file[i + 1] == 0
                    && file[i + 2] == 0
                    && file[i + 3] == 0) { // the first frame's own size
                ByteBuffer.wrap(file)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putShort(i + 5, first)
                        .putShort(i + 7, second);
                return file;
            }
        }
        throw new AssertionError("no frame in " + name);
    }

    private static byte[] written(BufferedImage image, String format) {
        var bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, format, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static byte[] joined(byte[]... parts) {
        var bytes = new ByteArrayOutputStream();
        for (byte[] part : List.of(parts)) {
            bytes.writeBytes(part);
        }
        return bytes.toByteArray();
    }
}

package org.millrace.encoder.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import org.millrace.contract.image.ImageFormat;

/** What transfers, disks and programs do to an image file: each kind of damage, at fixed places. */
final class DamagedFiles {
    private static final int[] PERCENT = {10, 25, 50, 75, 90, 99};
    private static final int[] LAST_BYTES = {1, 2, 3, 4, 8, 12, 13, 16, 20, 24, 40};
    private static final byte[] PNG_END = chunk("IEND", new byte[0]);

    private DamagedFiles() {}

    /** By the kind of damage. */
    static Map<String, byte[]> of(byte[] file) {
        Map<String, byte[]> damaged = new LinkedHashMap<>();
        for (int percent : PERCENT) {
            int at = (int) (file.length * (long) percent / 100);
            damaged.put("cut at " + percent + " %", Arrays.copyOf(file, at));
            damaged.put("cut at " + percent + " % and ended", ended(Arrays.copyOf(file, at)));
            damaged.put("bit turned at " + percent + " %", turned(file, at));
            damaged.put("16 zeros at " + percent + " %", filled(file, at, (byte) 0));
            damaged.put("16 times 255 at " + percent + " %", filled(file, at, (byte) 255));
            int gap = Math.max(1, file.length / 20);
            byte[] missing = joined(
                    Arrays.copyOf(file, at), Arrays.copyOfRange(file, Math.min(file.length, at + gap), file.length));
            damaged.put("a twentieth missing at " + percent + " %", missing);
            damaged.put("a twentieth missing at " + percent + " %, lengths mended", ended(missing));
        }
        for (int last : LAST_BYTES) {
            byte[] shorter = Arrays.copyOf(file, Math.max(0, file.length - last));
            damaged.put("without its last " + last, shorter);
            damaged.put("without its last " + last + " and ended", ended(shorter));
        }
        return damaged;
    }

    private static byte[] turned(byte[] file, int at) {
        byte[] copy = file.clone();
        copy[Math.min(at, file.length - 1)] ^= 0x10;
        return copy;
    }

    private static byte[] filled(byte[] file, int at, byte value) {
        byte[] copy = file.clone();
        Arrays.fill(copy, at, Math.min(file.length, at + 16), value);
        return copy;
    }

    /** With the end, the lengths and the checksums of a whole file of its format. */
    private static byte[] ended(byte[] file) {
        return ImageFormat.of(file)
                .map(format -> switch (format) {
                    case JPEG ->
                        endsWith(file, 0xff, 0xd9) ? file : joined(file, new byte[] {(byte) 0xff, (byte) 0xd9});
                    case PNG -> png(file);
                    case GIF -> joined(file, new byte[] {0, ';'});
                    case BMP -> file;
                    case WEBP -> webp(file);
                })
                .orElse(file);
    }

    private static boolean endsWith(byte[] file, int first, int second) {
        return file.length > 1 && (file[file.length - 2] & 0xff) == first && (file[file.length - 1] & 0xff) == second;
    }

    private static byte[] png(byte[] file) {
        ByteArrayOutputStream mended = new ByteArrayOutputStream();
        mended.write(file, 0, 8);
        for (int at = 8; at + 8 <= file.length; ) {
            int length = ByteBuffer.wrap(file).getInt(at);
            String name = new String(file, at + 4, 4, StandardCharsets.ISO_8859_1);
            int end = length < 0 ? file.length : (int) Math.min(file.length, at + 8L + length);
            if (name.equals("IEND")) {
                break;
            }
            mended.writeBytes(chunk(name, Arrays.copyOfRange(file, at + 8, end)));
            at = (int) Math.min(file.length, end + 4L);
        }
        mended.writeBytes(PNG_END);
        return mended.toByteArray();
    }

    private static byte[] chunk(String name, byte[] body) {
        ByteBuffer chunk = ByteBuffer.allocate(12 + body.length)
                .putInt(body.length)
                .put(name.getBytes(StandardCharsets.ISO_8859_1))
                .put(body);
        CRC32 crc = new CRC32();
        crc.update(chunk.array(), 4, 4 + body.length);
        return chunk.putInt((int) crc.getValue()).array();
    }

    /** Its last chunk, and a frame that holds it, as long as the file. */
    private static byte[] webp(byte[] file) {
        byte[] even = Arrays.copyOf(file, file.length + (file.length & 1));
        ByteBuffer bytes = ByteBuffer.wrap(even).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(4, even.length - 8);
        for (int at = 12; at + 8 <= even.length; ) {
            long end = at + 8L + Integer.toUnsignedLong(bytes.getInt(at + 4));
            if (end > even.length) {
                bytes.putInt(at + 4, even.length - at - 8);
            }
            boolean frame = new String(even, at, 4, StandardCharsets.ISO_8859_1).equals("ANMF");
            at = frame ? at + 8 + 16 : (int) Math.min(even.length, end + (end & 1));
        }
        return even;
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}

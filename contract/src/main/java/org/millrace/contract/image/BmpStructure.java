package org.millrace.contract.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.millrace.contract.image.SoundImage.Colours;
import org.millrace.contract.image.SoundImage.Part;

/**
 * A BMP's headers of all versions, reduced to the one of 40 bytes: masks, a full palette and the pixels behind it, each size computed
 * here. Files within a BMP (compressions 4 and 5) are not read.
 */
final class BmpStructure {
    private static final int FILE_HEADER = 14;
    private static final int OS2_HEADER = 12;
    private static final int SHORT_HEADER = 16;
    private static final int HEADER = 40;
    private static final int OS2_LONG_HEADER = 64;
    private static final int MASKS = FILE_HEADER + HEADER; // in longer headers and behind the short one alike
    private static final int MASKS_BYTES = 12;

    private static final int PLAIN = 0;
    private static final int RUNS_OF_8_BITS = 1;
    private static final int RUNS_OF_4_BITS = 2;
    private static final int MASKED = 3;

    private BmpStructure() {}

    static SoundImage judge(FileBytes bytes, DecodingLimits limits) throws UnsoundImageException {
        int header = bytes.int32(FILE_HEADER);
        bytes.require(FILE_HEADER, header, "header");
        boolean os2 = header == OS2_HEADER;
        int width = os2 ? bytes.uint16(18) : bytes.int32(18);
        int height = os2 ? bytes.uint16(20) : bytes.int32(22);
        if (width < 1 || height == 0 || height == Integer.MIN_VALUE) {
            throw bytes.damaged("its size is %d×%d", width, height);
        }
        limits.checkSize(width, Math.abs(height));
        int bits = bytes.uint16(os2 ? 24 : 28);
        int compression = header > SHORT_HEADER ? bytes.int32(30) : PLAIN;
        checkCompression(bytes, header, bits, compression, height);

        int paletteAt = FILE_HEADER + header + (header == HEADER && compression == MASKED ? MASKS_BYTES : 0);
        long declared = header > SHORT_HEADER ? bytes.uint32(46) : 0;
        bytes.require(paletteAt, declared * (header == OS2_HEADER ? 3 : 4), "palette");
        byte[] palette = bits > 8 ? new byte[0] : palette(bytes, header, bits, paletteAt);
        long data = bytes.uint32(10);
        if (data < FILE_HEADER + header || data >= bytes.length()) {
            throw bytes.damaged("its pixels begin at %d of %d bytes", data, bytes.length());
        }
        long size = (width * (long) bits + 31) / 32 * 4 * Math.abs((long) height);
        if (compression == RUNS_OF_8_BITS || compression == RUNS_OF_4_BITS) {
            size = bytes.length() - data;
        } else {
            bytes.require(data, size, "pixels");
        }
        byte[] masks = new byte[compression == MASKED ? MASKS_BYTES : 0];
        bytes.require(MASKS, masks.length, "masks");
        System.arraycopy(bytes.file(), MASKS, masks, 0, masks.length);
        if (masks.length > 0) {
            checkMasks(bytes, bits);
        }
        int begin = FILE_HEADER + HEADER + masks.length + palette.length;
        byte[] head = ByteBuffer.allocate(begin)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 'B')
                .put((byte) 'M')
                .putInt((int) (begin + size))
                .putInt(0)
                .putInt(begin)
                .putInt(HEADER)
                .putInt(width)
                .putInt(height)
                .putShort((short) 1)
                .putShort((short) bits)
                .putInt(compression)
                .putInt((int) size)
                .putLong(0) // pixels for each metre
                .putLong(0) // colours used: all
                .put(masks)
                .put(palette)
                .array();
        List<Part> parts = List.of(Part.of(head), new Part(bytes.file(), (int) data, (int) (data + size)));
        long work = limits.checkWork(
                workOfAPixel(bits) * (long) width * Math.abs(height)
                        + (long) DecodingLimits.WORK_OF_A_ROW * Math.abs(height)
                        + size,
                bytes);
        return SoundImage.whole(ImageFormat.BMP, width, Math.abs(height), Colours.AS_STORED, work, parts);
    }

    /** @param image its head and its pixels, as {@link #judge} leaves them */
    static void checkData(SoundImage image) throws UnsoundImageException {
        int compression =
                new FileBytes(image.parts().get(0).bytes(), image.format().label()).int32(30);
        if (compression == RUNS_OF_8_BITS || compression == RUNS_OF_4_BITS) {
            BmpRuns.check(image, image.parts().get(1), compression == RUNS_OF_4_BITS ? 2 : 1);
        }
    }

    private static void checkCompression(FileBytes bytes, int header, int bits, int compression, int height)
            throws UnsoundImageException {
        boolean known = switch (bits) {
            case 1, 24 -> compression == PLAIN;
            case 4 -> compression == PLAIN || compression == RUNS_OF_4_BITS;
            case 8 -> compression == PLAIN || compression == RUNS_OF_8_BITS;
            case 16, 32 -> compression == PLAIN || (compression == MASKED && header != OS2_LONG_HEADER);
            default -> false;
        };
        if (compression == 4 || compression == 5) {
            throw bytes.damaged("it holds a JPEG or PNG file (compression %d); send that file itself", compression);
        }
        if (!known) {
            throw bytes.damaged("compression %d of %d bits is not read", compression, bits);
        }
        if (height < 0 && compression != PLAIN && compression != MASKED) {
            throw bytes.damaged("compressed from the top down");
        }
    }

    /** Each mask is one run of bits, or none, within a pixel's; one at least has bits. */
    private static void checkMasks(FileBytes bytes, int bits) throws UnsoundImageException {
        int all = 0;
        for (int i = 0; i < MASKS_BYTES; i += Integer.BYTES) {
            int mask = bytes.int32(MASKS + i);
            int run = mask == 0 ? 0 : mask >>> Integer.numberOfTrailingZeros(mask);
            if ((run & (run + 1)) != 0 || (bits == 16 && mask >>> 16 != 0)) {
                throw bytes.damaged("the mask %08x of %d bits", mask, bits);
            }
            all |= mask;
        }
        if (all == 0) {
            throw bytes.damaged("its masks are empty");
        }
    }

    private static int workOfAPixel(int bits) {
        return switch (bits) {
            case 16 -> 5;
            case 32 -> 3;
            default -> 2;
        };
    }

    /** As many entries as the bits can name, black where the file has none. */
    private static byte[] palette(FileBytes bytes, int header, int bits, int at) {
        int entryBytes = header == OS2_HEADER ? 3 : 4;
        long used = header > SHORT_HEADER && bytes.int32(46) != 0 ? bytes.uint32(46) : 1L << bits;
        long room = Math.max(0, Math.min(bytes.uint32(10), bytes.length()) - at) / entryBytes;
        int entries = (int) Math.min(Math.min(used, 1L << bits), room);
        byte[] palette = new byte[4 << bits];
        for (int i = 0; i < entries; i++) {
            System.arraycopy(bytes.file(), at + entryBytes * i, palette, 4 * i, 3);
        }
        return palette;
    }
}

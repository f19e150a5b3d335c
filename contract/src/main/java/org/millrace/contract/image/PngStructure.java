package org.millrace.contract.image;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.millrace.contract.image.SoundImage.Colours;
import org.millrace.contract.image.SoundImage.Part;

/** A PNG's chunks. Kept are the header, the palette, the data and the end; transparency is not, since alpha is dropped anyway. */
final class PngStructure {
    private static final int SIGNATURE = 8;
    private static final int AROUND = 12; // length and name before a chunk's body, checksum behind it
    private static final int HEADER = 13;
    private static final int CHECKSUMS = 8; // of the compressed data and of its chunk
    private static final int MOST_PALETTE = 3 * 256;

    private static final int GREY = 0;
    private static final int RGB = 2;
    private static final int PALETTE = 3;
    private static final int GREY_ALPHA = 4;
    private static final int RGB_ALPHA = 6;

    private PngStructure() {}

    static SoundImage judge(FileBytes bytes, DecodingLimits limits) throws UnsoundImageException {
        bytes.require(SIGNATURE, AROUND + HEADER, "header");
        if (bytes.bigInt32(SIGNATURE) != HEADER || !bytes.hasText(SIGNATURE + 4, "IHDR")) {
            throw bytes.damaged("it does not begin with a header of 13 bytes");
        }
        int width = bytes.bigInt32(SIGNATURE + 8);
        int height = bytes.bigInt32(SIGNATURE + 12);
        if (width < 1 || height < 1) {
            throw bytes.damaged("its size is %s×%s", Integer.toUnsignedString(width), Integer.toUnsignedString(height));
        }
        limits.checkSize(width, height);
        int bits = bytes.uint8(SIGNATURE + 16);
        int colours = bytes.uint8(SIGNATURE + 17);
        checkKind(bytes, bits, colours);
        int at = SIGNATURE + AROUND + HEADER;
        List<Part> parts = new ArrayList<>(List.of(new Part(bytes.file(), 0, at)));
        boolean palette = false;
        boolean data = false;
        boolean ended = false;
        while (!ended && bytes.length() - at >= 8) {
            long length = Integer.toUnsignedLong(bytes.bigInt32(at));
            String name = bytes.text(at + 4, 4);
            boolean whole = at + AROUND + length <= bytes.length();
            boolean pixels = name.equals("IDAT");
            if (!whole && (pixels || !data)) { // behind the pixels, a file that was cut there is as good
                bytes.require(at + 8, length + 4 - (pixels ? CHECKSUMS : 0), "chunk");
            }
            int end = whole ? (int) (at + AROUND + length) : bytes.length();
            boolean first = name.equals("PLTE") && !palette && !data;
            if (first && length > MOST_PALETTE) {
                throw bytes.damaged("a palette of %d bytes, at most %d may be", length, MOST_PALETTE);
            }
            if (pixels && !data) {
                checkBeginning(bytes, at + 8, length);
            }
            palette |= first;
            data |= pixels;
            ended = name.equals("IEND");
            if (first || ended || pixels) {
                parts.add(new Part(bytes.file(), at, end));
            }
            at = end;
        }
        if (!data) {
            throw bytes.damaged("it has no pixels");
        }
        if (colours == PALETTE && !palette) {
            throw bytes.damaged("its palette is missing");
        }
        long work = limits.checkWork(
                (1 + (pixelBits(bytes) + 7) / 8) * (long) width * height + (long) DecodingLimits.WORK_OF_A_ROW * height,
                bytes);
        return SoundImage.whole(ImageFormat.PNG, width, height, Colours.AS_STORED, work, parts);
    }

    private static void checkKind(FileBytes bytes, int bits, int colours) throws UnsoundImageException {
        boolean known = switch (colours) {
            case GREY -> Set.of(1, 2, 4, 8, 16).contains(bits);
            case PALETTE -> Set.of(1, 2, 4, 8).contains(bits);
            case RGB, GREY_ALPHA, RGB_ALPHA -> bits == 8 || bits == 16;
            default -> false;
        };
        if (!known) {
            throw bytes.damaged("%d bits of colour type %d", bits, colours);
        }
        int compression = bytes.uint8(SIGNATURE + 18);
        int filter = bytes.uint8(SIGNATURE + 19);
        int interlace = bytes.uint8(SIGNATURE + 20);
        if (compression != 0 || filter != 0 || interlace > 1) {
            throw bytes.damaged("compression %d, filter %d, interlace %d", compression, filter, interlace);
        }
    }

    /** The head of a zlib stream (RFC 1950), where the first chunk holds all of it. */
    private static void checkBeginning(FileBytes bytes, int at, long length) throws UnsoundImageException {
        if (length < 2 || at + 2 > bytes.length()) {
            return;
        }
        int head = bytes.bigUint16(at);
        boolean deflate = (head >> 8 & 15) == 8 && head >> 12 <= 7 && head % 31 == 0 && (head & 0x20) == 0;
        if (!deflate) {
            throw bytes.damaged("its pixels begin with %04x, which begins no zlib stream", head);
        }
    }

    static boolean hasPalette(FileBytes bytes) {
        return bytes.uint8(SIGNATURE + 17) == PALETTE;
    }

    static boolean isInterlaced(FileBytes bytes) {
        return bytes.uint8(SIGNATURE + 20) == 1;
    }

    static int pixelBits(FileBytes bytes) {
        int samples = switch (bytes.uint8(SIGNATURE + 17)) {
            case RGB -> 3;
            case GREY_ALPHA -> 2;
            case RGB_ALPHA -> 4;
            default -> 1;
        };
        return samples * bytes.uint8(SIGNATURE + 16);
    }
}

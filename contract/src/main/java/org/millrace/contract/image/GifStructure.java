package org.millrace.contract.image;

import java.util.List;
import org.millrace.contract.image.SoundImage.Colours;
import org.millrace.contract.image.SoundImage.Frame;
import org.millrace.contract.image.SoundImage.Part;

/**
 * A GIF up to the end of its first frame (GIF89a). The canvas is the logical screen, or larger where the frame reaches beyond it; beside
 * the frame it has the transparent colour, or else the palette's first.
 */
final class GifStructure {
    private static final int HEADER = 13;
    private static final int DESCRIPTOR = 10;
    private static final int MOST_CODES = 4096;

    private GifStructure() {}

    static SoundImage judge(FileBytes bytes, DecodingLimits limits) throws UnsoundImageException {
        bytes.require(0, HEADER, "header");
        int screenWidth = bytes.uint16(6);
        int screenHeight = bytes.uint16(8);
        limits.checkSize(screenWidth, screenHeight);
        int at = HEADER + paletteBytes(bytes.uint8(10));
        bytes.require(HEADER, at - HEADER, "palette");
        Part head = new Part(bytes.file(), 0, at);
        int palette = at > HEADER ? HEADER : -1;
        int transparent = -1;
        while (true) {
            bytes.require(at, 2, "first frame");
            int kind = bytes.uint8(at);
            if (kind == ',') {
                break;
            } else if (kind != '!') {
                throw bytes.damaged("a block of an unknown kind before its first frame");
            }
            if (bytes.uint8(at + 1) == 0xf9 && at + 7 <= bytes.length() && (bytes.uint8(at + 3) & 1) == 1) {
                transparent = bytes.uint8(at + 6);
            }
            at = endOfBlocks(bytes, at + 2);
        }
        bytes.require(at, DESCRIPTOR, "frame's header");
        Frame frame = new Frame(bytes.uint16(at + 1), bytes.uint16(at + 3), bytes.uint16(at + 5), bytes.uint16(at + 7));
        if (frame.width() == 0 || frame.height() == 0) {
            throw bytes.damaged("its frame's size is %d×%d", frame.width(), frame.height());
        }
        int width = Math.max(screenWidth, frame.x() + frame.width());
        int height = Math.max(screenHeight, frame.y() + frame.height());
        limits.checkSize(width, height);
        int ownPalette = paletteBytes(bytes.uint8(at + 9));
        int data = at + DESCRIPTOR + ownPalette;
        bytes.require(at + DESCRIPTOR, ownPalette, "frame's palette");
        palette = ownPalette > 0 ? at + DESCRIPTOR : palette;
        bytes.require(data, 2, "frame");
        int end = Math.min(bytes.length(), endOfBlocks(bytes, data + 1));
        long unpacked = unpacked(bytes, data, (long) frame.width() * frame.height());
        List<Part> parts = List.of(head, new Part(bytes.file(), at, end), Part.of(new byte[] {';'}));
        int background = background(bytes, palette, Math.max(transparent, 0));
        long work = limits.checkWork(
                2 * unpacked + (long) width * height + (long) DecodingLimits.WORK_OF_A_ROW * height, bytes);
        return new SoundImage(ImageFormat.GIF, width, height, frame, background, Colours.AS_STORED, work, parts);
    }

    /** @param image a GIF's head and its first frame, as {@link #judge} leaves them */
    static void checkData(SoundImage image) throws UnsoundImageException {
        Part frame = image.parts().get(1);
        FileBytes bytes = new FileBytes(frame.bytes(), image.format().label());
        int data = frame.from() + DESCRIPTOR + paletteBytes(bytes.uint8(frame.from() + 9));
        if (endOfBlocks(bytes, data + 1) > bytes.length()) {
            throw bytes.damaged(UnsoundImageException.SHORT);
        }
    }

    private static int paletteBytes(int flags) {
        return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
    }

    private static int background(FileBytes bytes, int palette, int index) {
        int at = palette + 3 * index;
        return palette < 0 || at + 3 > bytes.length()
                ? 0
                : bytes.uint8(at) << 16 | bytes.uint8(at + 1) << 8 | bytes.uint8(at + 2);
    }

    /** Behind a row of blocks, which ends with an empty one; past the file where that is missing. */
    private static int endOfBlocks(FileBytes bytes, int from) {
        int at = from;
        while (at < bytes.length() && bytes.uint8(at) > 0) {
            at += 1 + bytes.uint8(at);
        }
        return at + 1;
    }

    /** How many pixels the frame's data unpacks to, by the lengths of its LZW codes alone; without an end code at least {@code wanted}. */
    private static long unpacked(FileBytes bytes, int at, long wanted) throws UnsoundImageException {
        int rootBits = bytes.uint8(at);
        if (rootBits < 1 || rootBits > 8) {
            throw bytes.damaged("codes of %d bits", rootBits);
        }
        int clear = 1 << rootBits;
        int[] lengths = new int[MOST_CODES];
        int next = clear + 2;
        int codeBits = rootBits + 1;
        int previous = 0; // length of the code before; 0 behind a clear
        long pixels = 0;
        long buffer = 0;
        int buffered = 0;
        int block = at + 1;
        while (block < bytes.length() && bytes.uint8(block) > 0) {
            int blockEnd = Math.min(bytes.length(), block + 1 + bytes.uint8(block));
            for (int i = block + 1; i < blockEnd; i++) {
                buffer |= (long) bytes.uint8(i) << buffered;
                buffered += 8;
                while (buffered >= codeBits) {
                    int code = (int) buffer & ((1 << codeBits) - 1);
                    buffer >>>= codeBits;
                    buffered -= codeBits;
                    if (code == clear) {
                        next = clear + 2;
                        codeBits = rootBits + 1;
                        previous = 0;
                        continue;
                    } else if (code == clear + 1) {
                        return pixels;
                    }
                    if (previous > 0 && next < MOST_CODES) {
                        lengths[next++] = previous + 1;
                        codeBits += next == 1 << codeBits && next < MOST_CODES ? 1 : 0;
                    }
                    previous = code < clear ? 1 : code < next ? lengths[code] : previous + 1;
                    pixels += previous;
                }
            }
            block = blockEnd;
        }
        if (pixels < wanted) {
            throw bytes.damaged("its frame has %d of %d pixels", pixels, wanted);
        }
        return pixels;
    }
}

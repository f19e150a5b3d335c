package org.millrace.contract.image;

import java.util.ArrayList;
import java.util.List;
import org.millrace.contract.image.SoundImage.Colours;
import org.millrace.contract.image.SoundImage.Part;

/** A PNG's chunks. Kept are the header, the palette, the data and the end; transparency is not, since alpha is dropped anyway. */
final class PngStructure {
    private static final int SIGNATURE = 8;
    private static final int AROUND = 12; // length and name before a chunk's body, checksum behind it
    private static final int HEADER = 13;
    private static final int CHECKSUMS = 8; // of the compressed data and of its chunk
    private static final int WORK_OF_A_PIXEL = 3;
    private static final int MOST_PALETTE = 3 * 256;

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
        long work = WORK_OF_A_PIXEL * (long) width * height;
        return SoundImage.whole(ImageFormat.PNG, width, height, Colours.AS_STORED, work, parts);
    }
}

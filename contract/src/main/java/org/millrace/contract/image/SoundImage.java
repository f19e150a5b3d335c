package org.millrace.contract.image;

import java.util.List;

/**
 * An image whose structure has been judged, and the parts of its file that a decoder needs: one header, one palette, the data of the
 * first frame. Profiles, comments, thumbnails and further frames are not among them.
 *
 * @param width of the canvas
 * @param frame where the first frame lies on the canvas
 * @param background colour of the canvas beside the frame, 0xRRGGBB
 * @param work of decoding, in units of about 10 ns of one core: pixels, samples, rows and bytes, weighted by what each costs in the format
 */
public record SoundImage(
        ImageFormat format,
        int width,
        int height,
        Frame frame,
        int background,
        Colours colours,
        long work,
        List<Part> parts) {
    /** How components become colours, where the format leaves it open. */
    public enum Colours {
        AS_STORED,
        /** Four components as printers have them, inverted as Adobe's programs write them. */
        CMYK,
        /** The same with luma and chroma in place of the first three. */
        YCCK
    }

    /** A rectangle of the canvas. */
    public record Frame(int x, int y, int width, int height) {}

    /** Bytes from {@code from} up to {@code to}. */
    @SuppressWarnings("ArrayRecordComponent")
    public record Part(byte[] bytes, int from, int to) {
        static Part of(byte[] bytes) {
            return new Part(bytes, 0, bytes.length);
        }
    }

    /** An image that is its own only frame. */
    static SoundImage whole(ImageFormat format, int width, int height, Colours colours, long work, List<Part> parts) {
        return new SoundImage(format, width, height, new Frame(0, 0, width, height), 0, colours, work, parts);
    }

    public boolean frameCoversCanvas() {
        return frame.width == width && frame.height == height;
    }

    /** The file to decode: these parts and nothing else. */
    public byte[] reduced() {
        byte[] file =
                new byte[parts.stream().mapToInt(part -> part.to - part.from).sum()];
        int at = 0;
        for (Part part : parts) {
            System.arraycopy(part.bytes, part.from, file, at, part.to - part.from);
            at += part.to - part.from;
        }
        return file;
    }
}

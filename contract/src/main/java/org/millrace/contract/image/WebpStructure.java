package org.millrace.contract.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.millrace.contract.image.SoundImage.Colours;
import org.millrace.contract.image.SoundImage.Frame;
import org.millrace.contract.image.SoundImage.Part;

/** A WebP's chunks (RFC 9649), reduced to the bitstream of its first frame; alpha that lies in a chunk of its own is not kept. */
final class WebpStructure {
    private static final int FIRST_CHUNK = 12;
    private static final int CHUNK_HEAD = 8;
    private static final int FRAME_HEAD = 16;
    private static final int RIFF_HEAD = 20;
    private static final int KEY_FRAME_HEAD = 10;
    private static final int READ_AHEAD = 8;

    private WebpStructure() {}

    /** A chunk of the file. */
    private record Chunk(String name, int from, int to) {
        static Chunk at(FileBytes bytes, int at, int within) throws UnsoundImageException {
            bytes.require(at, CHUNK_HEAD, "chunk");
            String name = bytes.text(at, 4);
            long length = bytes.uint32(at + 4);
            if (at + CHUNK_HEAD + length > within) {
                throw bytes.damaged("its chunk %s of %d bytes ends beyond the file", printable(name), length);
            }
            return new Chunk(name, at + CHUNK_HEAD, (int) (at + CHUNK_HEAD + length));
        }

        int next() {
            return to + ((to - from) & 1);
        }

        boolean isBitstream() {
            return name.equals("VP8 ") || name.equals("VP8L");
        }
    }

    static SoundImage judge(FileBytes bytes, DecodingLimits limits) throws UnsoundImageException {
        long declared = bytes.uint32(4);
        if (declared < FIRST_CHUNK || CHUNK_HEAD + declared > bytes.length() + 1L) { // some leave the last padding out
            throw bytes.damaged("its header says %d bytes, and the file has %d", CHUNK_HEAD + declared, bytes.length());
        }
        Chunk first = Chunk.at(bytes, FIRST_CHUNK, bytes.length());
        if (first.isBitstream()) {
            return still(bytes, limits, first);
        }
        if (!first.name.equals("VP8X") || first.to - first.from < 10) {
            throw bytes.damaged("it begins with the chunk %s", printable(first.name));
        }
        int width = 1 + bytes.uint24(first.from + 4);
        int height = 1 + bytes.uint24(first.from + 7);
        limits.checkSize(width, height);
        Chunk chunk = first;
        while (!chunk.isBitstream() && !chunk.name.equals("ANMF")) {
            chunk = Chunk.at(bytes, chunk.next(), bytes.length());
        }
        if (chunk.isBitstream()) {
            return placed(bytes, limits, width, height, new Frame(0, 0, width, height), chunk);
        }
        bytes.require(chunk.from, FRAME_HEAD, "frame's header");
        Frame frame = new Frame(
                2 * bytes.uint24(chunk.from),
                2 * bytes.uint24(chunk.from + 3),
                1 + bytes.uint24(chunk.from + 6),
                1 + bytes.uint24(chunk.from + 9));
        Chunk part = Chunk.at(bytes, chunk.from + FRAME_HEAD, chunk.to);
        while (!part.isBitstream()) {
            part = Chunk.at(bytes, part.next(), chunk.to);
        }
        return placed(bytes, limits, width, height, frame, part);
    }

    private static SoundImage still(FileBytes bytes, DecodingLimits limits, Chunk chunk) throws UnsoundImageException {
        Frame size = size(bytes, chunk);
        return placed(bytes, limits, size.width(), size.height(), size, chunk);
    }

    private static SoundImage placed(
            FileBytes bytes, DecodingLimits limits, int width, int height, Frame frame, Chunk chunk)
            throws UnsoundImageException {
        Frame size = size(bytes, chunk);
        limits.checkSize(size.width(), size.height());
        if (size.width() != frame.width() || size.height() != frame.height()) {
            throw bytes.damaged(
                    "its frame of %d×%d has pixels of %d×%d",
                    frame.width(), frame.height(), size.width(), size.height());
        }
        if (frame.x() + frame.width() > width || frame.y() + frame.height() > height) {
            throw bytes.damaged("its frame lies outside its canvas of %d×%d", width, height);
        }
        long work = limits.checkWork(work(size, chunk) + (long) DecodingLimits.WORK_OF_A_ROW * height, bytes);
        return new SoundImage(ImageFormat.WEBP, width, height, frame, 0, Colours.AS_STORED, work, simple(bytes, chunk));
    }

    /** Lossy data is decoded in blocks of 16×16. */
    private static long work(Frame size, Chunk chunk) {
        int length = chunk.to - chunk.from;
        long blocks = ((size.width() + 15L) / 16) * ((size.height() + 15L) / 16);
        return chunk.name.equals("VP8L")
                ? 5L * size.width() * size.height() + 3L * length
                : 10 * 256 * blocks + 7L * length;
    }

    /** The size in the bitstream itself. */
    private static Frame size(FileBytes bytes, Chunk chunk) throws UnsoundImageException {
        int at = chunk.from;
        boolean lossless = chunk.name.equals("VP8L");
        if (chunk.to - at < (lossless ? 5 : 10)) {
            throw bytes.damaged("its chunk %s has %d bytes", chunk.name, chunk.to - at);
        }
        if (lossless) {
            if (bytes.uint8(at) != 0x2f) {
                throw bytes.damaged("its lossless data begins with %02x, wanted 2f", bytes.uint8(at));
            }
            int bits = bytes.int32(at + 1);
            if (bits >>> 29 != 0) {
                throw bytes.damaged("its lossless data is of version %d, wanted 0", bits >>> 29);
            }
            return new Frame(0, 0, 1 + (bits & 0x3fff), 1 + (bits >>> 14 & 0x3fff));
        }
        boolean keyFrame = (bytes.uint8(at) & 1) == 0 && bytes.hasText(at + 3, "\u009d\u0001*");
        int width = bytes.uint16(at + 6) & 0x3fff;
        int height = bytes.uint16(at + 8) & 0x3fff;
        if (!keyFrame || width == 0 || height == 0) {
            throw bytes.damaged("its data does not begin with a key frame");
        }
        int firstPartition = bytes.uint24(at) >> 5;
        if (at + KEY_FRAME_HEAD + firstPartition > chunk.to) {
            throw bytes.damaged("its first partition of %d bytes ends beyond its chunk", firstPartition);
        }
        return new Frame(0, 0, width, height);
    }

    /** The chunk as a file of its own; zeros behind it, since decoders read ahead. */
    private static List<Part> simple(FileBytes bytes, Chunk chunk) {
        int length = chunk.to - chunk.from;
        byte[] head = ByteBuffer.allocate(RIFF_HEAD)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("RIFF".getBytes(StandardCharsets.US_ASCII))
                .putInt(RIFF_HEAD - CHUNK_HEAD + length + (length & 1))
                .put(("WEBP" + chunk.name).getBytes(StandardCharsets.US_ASCII))
                .putInt(length)
                .array();
        return List.of(
                Part.of(head),
                new Part(bytes.file(), chunk.from, chunk.to),
                Part.of(new byte[(length & 1) + READ_AHEAD]));
    }

    private static String printable(String name) {
        return "'" + name.replaceAll("[^A-Za-z0-9 ]", "?") + "'";
    }
}

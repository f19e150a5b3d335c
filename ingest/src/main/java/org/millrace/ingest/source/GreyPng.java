package org.millrace.ingest.source;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Encodes grey images of 8 bits as PNG (ISO/IEC 15948), each row unfiltered. Not thread safe; the caller closes it. */
final class GreyPng implements AutoCloseable {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final byte[] EIGHT_BITS_GREY = {8, 0, 0, 0, 0};

    private final Deflater deflater = new Deflater();
    private final byte[] chunk = new byte[8 * 1024];

    /** @param pixels height×width, row by row */
    byte[] encode(byte[] pixels, int height, int width) {
        var png = new ByteArrayOutputStream();
        png.writeBytes(SIGNATURE);
        byte[] header = ByteBuffer.allocate(13)
                .putInt(width)
                .putInt(height)
                .put(EIGHT_BITS_GREY)
                .array();
        writeChunk(png, "IHDR", header);
        writeChunk(png, "IDAT", deflated(pixels, height, width));
        writeChunk(png, "IEND", new byte[0]);
        return png.toByteArray();
    }

    @Override
    public void close() {
        deflater.end();
    }

    private byte[] deflated(byte[] pixels, int height, int width) {
        byte[] rows = new byte[height * (width + 1)]; // each row begins with its filter, 0 for none
        for (int y = 0; y < height; y++) {
            System.arraycopy(pixels, y * width, rows, y * (width + 1) + 1, width);
        }
        deflater.reset();
        deflater.setInput(rows);
        deflater.finish();
        var out = new ByteArrayOutputStream();
        while (!deflater.finished()) {
            out.write(chunk, 0, deflater.deflate(chunk));
        }
        return out.toByteArray();
    }

    private static void writeChunk(ByteArrayOutputStream png, String type, byte[] data) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        var crc = new CRC32();
        crc.update(name);
        crc.update(data);
        png.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
        png.writeBytes(name);
        png.writeBytes(data);
        png.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }
}

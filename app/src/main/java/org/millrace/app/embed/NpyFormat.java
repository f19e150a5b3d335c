package org.millrace.app.embed;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** NumPy's file format, version 1.0, of N×D little-endian float32 in row order. */
public final class NpyFormat {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    /** Of everything before the data, so that it also fits a header written before N is known. */
    static final int HEADER_BYTES = 128;

    private NpyFormat() {}

    /** A whole file of embeddings that all succeeded. */
    public static byte[] file(Embeddings embeddings) {
        byte[] rows = littleEndian(embeddings);
        return ByteBuffer.allocate(HEADER_BYTES + rows.length)
                .put(header(embeddings.rows().size(), embeddings.dimension()))
                .put(rows)
                .array();
    }

    /** The features alone, row after row. */
    public static byte[] littleEndian(Embeddings embeddings) {
        return littleEndian(embeddings.rows().stream()
                .map(row -> ((Embeddings.Features) row).values())
                .toList());
    }

    static byte[] littleEndian(List<float[]> rows) {
        ByteBuffer bytes = ByteBuffer.allocate(
                        rows.stream().mapToInt(row -> row.length).sum() * Float.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        rows.forEach(row -> {
            for (float value : row) {
                bytes.putFloat(value);
            }
        });
        return bytes.array();
    }

    /** Of always the same length. */
    static byte[] header(long rows, int dimension) {
        String shape = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + rows + ", " + dimension + "), }";
        int room = HEADER_BYTES - MAGIC.length - Short.BYTES;
        String padded = shape + " ".repeat(room - 1 - shape.length()) + "\n";
        return ByteBuffer.allocate(HEADER_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(MAGIC)
                .putShort((short) room)
                .put(padded.getBytes(StandardCharsets.US_ASCII))
                .array();
    }
}

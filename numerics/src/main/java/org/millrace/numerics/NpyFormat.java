package org.millrace.numerics;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** NumPy's file format, version 1.0, of N×D little-endian float32 in row order. */
public final class NpyFormat {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    /** Of everything before the data, so that it also fits a header written before N is known. */
    public static final int HEADER_BYTES = 128;

    private NpyFormat() {}

    /**
     * A whole file.
     *
     * @param rows N×D
     */
    public static byte[] file(List<float[]> rows, int dimension) {
        byte[] values = littleEndian(rows);
        return ByteBuffer.allocate(HEADER_BYTES + values.length)
                .put(header(rows.size(), dimension))
                .put(values)
                .array();
    }

    /** The values alone, row after row. */
    public static byte[] littleEndian(List<float[]> rows) {
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

    /** {@link #HEADER_BYTES} bytes, whatever N is. */
    public static byte[] header(long rows, int dimension) {
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

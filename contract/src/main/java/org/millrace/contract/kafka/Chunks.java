package org.millrace.contract.kafka;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A file as the values of records small enough for any broker. */
public final class Chunks {
    // two with their overhead are within 1 MiB, what a consumer fetches of a partition at once by default: of a record
    // that does not fit, the
    // broker sends the beginning in vain
    private static final int BYTES = 511 * 1024;

    private Chunks() {}

    /** The file in pieces, first to last; none of an empty file. */
    public static List<byte[]> of(byte[] file) {
        List<byte[]> chunks = new ArrayList<>();
        for (int from = 0; from < file.length; from += BYTES) {
            chunks.add(Arrays.copyOfRange(file, from, Math.min(file.length, from + BYTES)));
        }
        return chunks;
    }

    /** The file that the pieces make. */
    public static byte[] joined(List<byte[]> chunks) {
        ByteBuffer file = ByteBuffer.allocate(
                Math.toIntExact(chunks.stream().mapToLong(chunk -> chunk.length).sum()));
        chunks.forEach(file::put);
        return file.array();
    }
}

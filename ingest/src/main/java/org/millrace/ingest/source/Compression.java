package org.millrace.ingest.source;

import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;
import org.apache.commons.compress.compressors.zstandard.ZstdCompressorInputStream;

/** How a file is compressed as a whole, recognised by its first bytes. */
enum Compression {
    NONE("", "none"),
    GZIP("\u001f\u008b", "gzip"),
    BZIP2("BZh", "bzip2"),
    XZ("\u00fd7zXZ\u0000", "xz"),
    ZSTD("(\u00b5/\u00fd", "zstd");

    private static final int BUFFER_BYTES = 64 * 1024;
    /** Of the largest dictionary: `xz -9` needs 65 MiB. */
    private static final int XZ_MEMORY_KIB = 128 * 1024;

    private final String magic;
    private final String words;

    Compression(String magic, String words) {
        this.magic = magic;
        this.words = words;
    }

    /** Of a file that begins with these bytes. */
    static Compression of(byte[] head) {
        for (Compression compression : values()) {
            if (compression != NONE && Magic.begins(head, 0, compression.magic)) {
                return compression;
            }
        }
        return NONE;
    }

    String words() {
        return words;
    }

    /** The bytes before compression; the stream given is buffered here, and closed with the one returned. */
    InputStream open(InputStream in) throws IOException {
        return switch (this) {
            case NONE -> new java.io.BufferedInputStream(in, BUFFER_BYTES);
            case GZIP -> new GZIPInputStream(in, BUFFER_BYTES);
            case BZIP2 -> new BZip2CompressorInputStream(new java.io.BufferedInputStream(in, BUFFER_BYTES), true);
            case XZ ->
                XZCompressorInputStream.builder()
                        .setInputStream(new java.io.BufferedInputStream(in, BUFFER_BYTES))
                        .setDecompressConcatenated(true)
                        .setMemoryLimitKiB(XZ_MEMORY_KIB)
                        .get();
            case ZSTD -> new ZstdCompressorInputStream(new java.io.BufferedInputStream(in, BUFFER_BYTES));
        };
    }
}

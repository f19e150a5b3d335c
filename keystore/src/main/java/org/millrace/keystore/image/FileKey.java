package org.millrace.keystore.image;

import static org.millrace.contract.Check.check;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.millrace.contract.ImageOffset;

/**
 * Names the file of an image by its place in the log and its content, so that another file is never taken for it: after the end of a log
 * was lost, its offsets hold other images.
 *
 * @param length of the file in bytes
 * @param crc CRC32C of the file
 */
public record FileKey(ImageOffset at, int length, int crc) {
    static final byte FILE = 0;
    static final byte ENTRY = 1;
    static final int BYTES = 1 + 3 * Integer.BYTES + Long.BYTES;

    public FileKey {
        check(length >= 0, "the length of a file must not be negative, but was %d", length);
    }

    public static FileKey of(ImageOffset at, byte[] file) {
        return new FileKey(at, file.length, crc(file));
    }

    /** Whether these are the bytes of the file. */
    public boolean names(byte[] file) {
        return file.length == length && crc(file) == crc;
    }

    /** The key of a record: a kind, then this, big-endian. */
    byte[] key(byte kind) {
        return ByteBuffer.allocate(BYTES)
                .put(kind)
                .putInt(at.partition())
                .putLong(at.offset())
                .putInt(length)
                .putInt(crc)
                .array();
    }

    static FileKey read(byte[] key) {
        ByteBuffer bytes = ByteBuffer.wrap(key, 1, BYTES - 1);
        return new FileKey(new ImageOffset(bytes.getInt(), bytes.getLong()), bytes.getInt(), bytes.getInt());
    }

    private static int crc(byte[] file) {
        CRC32C crc = new CRC32C();
        crc.update(file, 0, file.length);
        return (int) crc.getValue();
    }

    /** Its place in the log, as {@code partition/offset}. */
    @Override
    public String toString() {
        return at.partition() + "/" + at.offset();
    }
}

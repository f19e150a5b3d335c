package org.millrace.keystore.disk;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.millrace.contract.UserException;

/** The frame of every value on disk, little-endian: a format number at its beginning, a CRC32C over all before it at its end. */
public final class SealedValue {
    static final int FORMAT = 1;
    public static final int CRC_BYTES = Integer.BYTES;

    private SealedValue() {}

    /** The bytes as a buffer in which the format number 1 has been put. */
    public static ByteBuffer begin(byte[] bytes) {
        return begin(bytes, FORMAT);
    }

    /** The bytes as a buffer in which a format number has been put. */
    public static ByteBuffer begin(byte[] bytes, int format) {
        return littleEndian(bytes).putInt(format);
    }

    /** The same bytes, with the CRC in the last four. */
    public static byte[] seal(byte[] bytes) {
        littleEndian(bytes).putInt(bytes.length - CRC_BYTES, crc(bytes));
        return bytes;
    }

    /** The value of format 1 between format number and CRC, both checked; the parameters are those below. */
    public static ByteBuffer open(String store, String place, byte[] bytes, int leastBytes) {
        return open(store, place, bytes, leastBytes, FORMAT);
    }

    /**
     * The value between format number and CRC, both checked; the format number lies at index 0.
     *
     * @param store how errors name the store
     * @param place how they name the value
     * @param newest of the formats from 1 on that the caller reads
     */
    public static ByteBuffer open(String store, String place, byte[] bytes, int leastBytes, int newest) {
        if (bytes.length < leastBytes) {
            throw new DamagedStoreException(
                    StoreKind.KEYS, store, place, "at least %d bytes".formatted(leastBytes), bytes.length + " bytes");
        }
        ByteBuffer value = littleEndian(bytes);
        int expected = value.getInt(bytes.length - CRC_BYTES);
        int actual = crc(bytes);
        if (expected != actual) {
            throw new DamagedStoreException(
                    StoreKind.KEYS, store, place, "CRC32C %08x".formatted(expected), "%08x".formatted(actual));
        }
        int format = value.getInt();
        if (format < FORMAT || format > newest) {
            throw new UserException(
                    "The key store %s has format %d, but this Millrace reads format %s. Use the Millrace that wrote it, or delete the key store to begin with an empty one."
                            .formatted(store, format, newest == FORMAT ? "1" : "1 to " + newest));
        }
        return value.limit(bytes.length - CRC_BYTES);
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length - CRC_BYTES);
        return (int) crc.getValue();
    }
}

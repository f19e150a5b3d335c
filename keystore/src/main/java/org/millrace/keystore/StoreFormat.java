package org.millrace.keystore;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.UserException;

/**
 * The bytes of a store, format 1. A key of the database is a sequence number, 8 bytes big-endian, so that order is kept: 0 for
 * the position, and for a batch that of its <em>last</em> key. Then the newest batch is the last record, the batch that holds
 * a key is the first record not before it, and the batches before a key are one range. Values are little-endian:
 *
 * <pre>
 * position: format i32, dimension i32, oldest i64, newest i64, topic UTF-8, CRC32C i32
 * batch:    format i32, dimension i32, first i64, step i64, N i32, N × (partition i32, offset i64), N×C float32, CRC32C i32
 * </pre>
 *
 * Each CRC is over all bytes before it. A batch repeats its place ({@code first}), so a value under a wrong key is noticed too.
 *
 * @param store how errors name the store
 */
record StoreFormat(String store) {
    private static final int FORMAT = 1;
    private static final int POSITION_BYTES = 2 * Integer.BYTES + 2 * Long.BYTES; // without topic and CRC
    private static final int BATCH_BYTES = 3 * Integer.BYTES + 2 * Long.BYTES; // without images, keys and CRC
    private static final int IMAGE_BYTES = Integer.BYTES + Long.BYTES;
    private static final int CRC_BYTES = Integer.BYTES;

    static byte[] key(long sequence) {
        return ByteBuffer.allocate(Long.BYTES).putLong(sequence).array();
    }

    static long sequence(byte[] key) {
        return ByteBuffer.wrap(key).getLong();
    }

    byte[] encode(StorePosition position) {
        byte[] topic = position.topic().getBytes(UTF_8);
        byte[] bytes = new byte[POSITION_BYTES + topic.length + CRC_BYTES];
        littleEndian(bytes)
                .putInt(FORMAT)
                .putInt(position.dimension())
                .putLong(position.oldest())
                .putLong(position.newest())
                .put(topic);
        return sealed(bytes);
    }

    StorePosition decodePosition(byte[] bytes) {
        ByteBuffer value = opened(bytes, POSITION_BYTES + CRC_BYTES, 0);
        int dimension = value.getInt();
        long oldest = value.getLong();
        long newest = value.getLong();
        String topic = new String(bytes, value.position(), value.remaining(), UTF_8);
        return new StorePosition(topic, dimension, oldest, newest);
    }

    byte[] encode(StoredBatch stored) {
        KeyBatch batch = stored.batch();
        byte[] bytes = new byte[batchBytes(batch.size(), batch.dimension())];
        ByteBuffer value = littleEndian(bytes)
                .putInt(FORMAT)
                .putInt(batch.dimension())
                .putLong(stored.first())
                .putLong(batch.step())
                .putInt(batch.size());
        for (ImageOffset image : batch.images()) {
            value.putInt(image.partition()).putLong(image.offset());
        }
        value.asFloatBuffer().put(batch.keys());
        return sealed(bytes);
    }

    /** The batch whose last key is {@code last}. */
    StoredBatch decodeBatch(byte[] bytes, long last) {
        ByteBuffer value = opened(bytes, BATCH_BYTES + CRC_BYTES, last);
        int dimension = value.getInt();
        long first = value.getLong();
        long step = value.getLong();
        int count = value.getInt();
        if (first + count - 1 != last) {
            throw new DamagedKeyStoreException(
                    store, last, "a batch that ends there", "one of %d keys from key %d".formatted(count, first));
        }
        if (bytes.length != batchBytes(count, dimension)) {
            throw new DamagedKeyStoreException(
                    store, last, batchBytes(count, dimension) + " bytes", bytes.length + " bytes");
        }
        List<ImageOffset> images = new ArrayList<>(count);
        for (int row = 0; row < count; row++) {
            images.add(new ImageOffset(value.getInt(), value.getLong()));
        }
        float[] keys = new float[count * dimension];
        value.asFloatBuffer().get(keys);
        return new StoredBatch(first, new KeyBatch(step, dimension, keys, images));
    }

    private static int batchBytes(int count, int dimension) {
        return Math.toIntExact(BATCH_BYTES + count * (IMAGE_BYTES + (long) dimension * Float.BYTES) + CRC_BYTES);
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] sealed(byte[] bytes) {
        littleEndian(bytes).putInt(bytes.length - CRC_BYTES, crc(bytes));
        return bytes;
    }

    /** The value between format number and CRC, both checked. */
    private ByteBuffer opened(byte[] bytes, int leastBytes, long sequence) {
        if (bytes.length < leastBytes) {
            throw new DamagedKeyStoreException(
                    store, sequence, "at least %d bytes".formatted(leastBytes), bytes.length + " bytes");
        }
        ByteBuffer value = littleEndian(bytes);
        int expected = value.getInt(bytes.length - CRC_BYTES);
        int actual = crc(bytes);
        if (expected != actual) {
            throw new DamagedKeyStoreException(
                    store, sequence, "CRC32C %08x".formatted(expected), "%08x".formatted(actual));
        }
        int format = value.getInt();
        if (format != FORMAT) {
            throw new UserException(
                    "The key store %s has format %d, but this Millrace reads format %d. Use the Millrace that wrote it, or delete the key store to begin with an empty one."
                            .formatted(store, format, FORMAT));
        }
        return value.limit(bytes.length - CRC_BYTES);
    }

    private static int crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length - CRC_BYTES);
        return (int) crc.getValue();
    }
}

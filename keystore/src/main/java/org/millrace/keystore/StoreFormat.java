package org.millrace.keystore;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.millrace.keystore.disk.SealedValue.CRC_BYTES;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.millrace.contract.ImageOffset;
import org.millrace.keystore.disk.DamagedKeyStoreException;
import org.millrace.keystore.disk.SealedValue;

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
    private static final int POSITION_BYTES = 2 * Integer.BYTES + 2 * Long.BYTES; // without topic and CRC
    private static final int BATCH_BYTES = 3 * Integer.BYTES + 2 * Long.BYTES; // without images, keys and CRC
    private static final int IMAGE_BYTES = Integer.BYTES + Long.BYTES;

    static byte[] key(long sequence) {
        return ByteBuffer.allocate(Long.BYTES).putLong(sequence).array();
    }

    static long sequence(byte[] key) {
        return ByteBuffer.wrap(key).getLong();
    }

    byte[] encode(StorePosition position) {
        byte[] topic = position.topic().getBytes(UTF_8);
        byte[] bytes = new byte[POSITION_BYTES + topic.length + CRC_BYTES];
        SealedValue.begin(bytes)
                .putInt(position.dimension())
                .putLong(position.oldest())
                .putLong(position.newest())
                .put(topic);
        return SealedValue.seal(bytes);
    }

    StorePosition decodePosition(byte[] bytes) {
        ByteBuffer value = SealedValue.open(store, place(0), bytes, POSITION_BYTES + CRC_BYTES);
        int dimension = value.getInt();
        long oldest = value.getLong();
        long newest = value.getLong();
        String topic = new String(bytes, value.position(), value.remaining(), UTF_8);
        return new StorePosition(topic, dimension, oldest, newest);
    }

    byte[] encode(StoredBatch stored) {
        KeyBatch batch = stored.batch();
        byte[] bytes = new byte[batchBytes(batch.size(), batch.dimension())];
        ByteBuffer value = SealedValue.begin(bytes)
                .putInt(batch.dimension())
                .putLong(stored.first())
                .putLong(batch.step())
                .putInt(batch.size());
        for (ImageOffset image : batch.images()) {
            value.putInt(image.partition()).putLong(image.offset());
        }
        value.asFloatBuffer().put(batch.keys());
        return SealedValue.seal(bytes);
    }

    /** The batch whose last key is {@code last}. */
    StoredBatch decodeBatch(byte[] bytes, long last) {
        ByteBuffer value = SealedValue.open(store, place(last), bytes, BATCH_BYTES + CRC_BYTES);
        int dimension = value.getInt();
        long first = value.getLong();
        long step = value.getLong();
        int count = value.getInt();
        if (first + count - 1 != last) {
            throw new DamagedKeyStoreException(
                    store,
                    place(last),
                    "a batch that ends there",
                    "one of %d keys from key %d".formatted(count, first));
        }
        if (bytes.length != batchBytes(count, dimension)) {
            throw new DamagedKeyStoreException(
                    store, place(last), batchBytes(count, dimension) + " bytes", bytes.length + " bytes");
        }
        List<ImageOffset> images = new ArrayList<>(count);
        for (int row = 0; row < count; row++) {
            images.add(new ImageOffset(value.getInt(), value.getLong()));
        }
        float[] keys = new float[count * dimension];
        value.asFloatBuffer().get(keys);
        return new StoredBatch(first, new KeyBatch(step, dimension, keys, images));
    }

    /** How errors name a batch, or with 0 the position. */
    static String place(long sequence) {
        return "key " + sequence;
    }

    private static int batchBytes(int count, int dimension) {
        return Math.toIntExact(BATCH_BYTES + count * (IMAGE_BYTES + (long) dimension * Float.BYTES) + CRC_BYTES);
    }
}

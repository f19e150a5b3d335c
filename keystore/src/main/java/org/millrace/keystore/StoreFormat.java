package org.millrace.keystore;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.millrace.keystore.disk.SealedValue.CRC_BYTES;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.millrace.contract.ImageOffset;
import org.millrace.keystore.disk.DamagedStoreException;
import org.millrace.keystore.disk.SealedValue;
import org.millrace.keystore.disk.StoreKind;

/**
 * The bytes of a store. A key of the database is a sequence number, 8 bytes big-endian, so that order is kept: 0 for
 * the position, and for a batch that of its <em>last</em> key. Then the newest batch is the last record, the batch that holds
 * a key is the first record not before it, and the batches before a key are one range. Values are little-endian:
 *
 * <pre>
 * position: format i32, dimension i32, oldest i64, newest i64, topic UTF-8, CRC32C i32
 * batch:    format i32, dimension i32, first i64, step i64, N i32, N × (partition i32, offset i64), N×C float32, CRC32C i32
 * </pre>
 *
 * A batch has format 1; or 2 where the segment of any of its images is known: then N × segment i64 stand before the keys, −1 for none. Each CRC is over all bytes before it. A batch repeats its place ({@code first}), so a value under a wrong key is noticed too.
 *
 * @param store how errors name the store
 */
record StoreFormat(String store) {
    private static final int POSITION_BYTES = 2 * Integer.BYTES + 2 * Long.BYTES; // without topic and CRC
    private static final int BATCH_BYTES = 3 * Integer.BYTES + 2 * Long.BYTES; // without images, keys and CRC
    private static final int IMAGE_BYTES = Integer.BYTES + Long.BYTES;
    private static final int WITH_SEGMENTS = 2;
    private static final long NO_SEGMENT = -1;

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
        boolean segments = batch.segments().stream().anyMatch(OptionalLong::isPresent);
        byte[] bytes = new byte[batchBytes(batch.size(), batch.dimension(), segments)];
        ByteBuffer value = (segments ? SealedValue.begin(bytes, WITH_SEGMENTS) : SealedValue.begin(bytes))
                .putInt(batch.dimension())
                .putLong(stored.first())
                .putLong(batch.step())
                .putInt(batch.size());
        for (ImageOffset image : batch.images()) {
            value.putInt(image.partition()).putLong(image.offset());
        }
        if (segments) {
            batch.segments().forEach(segment -> value.putLong(segment.orElse(NO_SEGMENT)));
        }
        value.asFloatBuffer().put(batch.keys());
        return SealedValue.seal(bytes);
    }

    /** The batch whose last key is {@code last}. */
    StoredBatch decodeBatch(byte[] bytes, long last) {
        ByteBuffer value = SealedValue.open(store, place(last), bytes, BATCH_BYTES + CRC_BYTES, WITH_SEGMENTS);
        boolean segments = value.getInt(0) == WITH_SEGMENTS;
        int dimension = value.getInt();
        long first = value.getLong();
        long step = value.getLong();
        int count = value.getInt();
        if (first + count - 1 != last) {
            throw new DamagedStoreException(
                    StoreKind.KEYS,
                    store,
                    place(last),
                    "a batch that ends there",
                    "one of %d keys from key %d".formatted(count, first));
        }
        int expected = batchBytes(count, dimension, segments);
        if (bytes.length != expected) {
            throw new DamagedStoreException(
                    StoreKind.KEYS, store, place(last), expected + " bytes", bytes.length + " bytes");
        }
        List<ImageOffset> images = new ArrayList<>(count);
        for (int row = 0; row < count; row++) {
            images.add(new ImageOffset(value.getInt(), value.getLong()));
        }
        List<OptionalLong> known = new ArrayList<>(count);
        for (int row = 0; row < count; row++) {
            long segment = segments ? value.getLong() : NO_SEGMENT;
            known.add(segment == NO_SEGMENT ? OptionalLong.empty() : OptionalLong.of(segment));
        }
        float[] keys = new float[count * dimension];
        value.asFloatBuffer().get(keys);
        return new StoredBatch(first, new KeyBatch(step, dimension, keys, images, known));
    }

    /** How errors name a batch, or with 0 the position. */
    static String place(long sequence) {
        return "key " + sequence;
    }

    private static int batchBytes(int count, int dimension, boolean segments) {
        int image = IMAGE_BYTES + (segments ? Long.BYTES : 0);
        return Math.toIntExact(BATCH_BYTES + count * (image + (long) dimension * Float.BYTES) + CRC_BYTES);
    }
}

package org.millrace.keystore;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.millrace.keystore.disk.SealedValue.CRC_BYTES;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.ImageOffset;
import org.millrace.keystore.UndoBatch.Replaced;
import org.millrace.keystore.disk.DamagedStoreException;
import org.millrace.keystore.disk.SealedValue;
import org.millrace.keystore.disk.StoreKind;

/**
 * The bytes of a memory bank, format 1. A key of the database is a kind, 1 byte, and a number, 8 bytes big-endian: kind 0 is the
 * position; kind 1 a row under its slot; kind 2 what a step replaced, under the sequence number of its <em>last</em> write. Values
 * are little-endian:
 *
 * <pre>
 * position: format i32, dimension i32, capacity i32, size i32, earliest i64, newest i64, topic UTF-8, CRC32C i32
 * row:      format i32, slot i32, content, CRC32C i32
 * undo:     format i32, first i64, N i32, N × (slot i32, held i8, content where held), CRC32C i32
 * content:  length i16, image id, sequence i64, step i64, partition i32, offset i64, C float32
 * </pre>
 *
 * Each CRC is over all bytes before it. A value repeats its place, so one under a wrong key is noticed too.
 *
 * @param store how errors name the store
 * @param dimension numbers in a row, C
 */
record BankFormat(String store, int dimension) {
    static final byte POSITION = 0;
    static final byte ROW = 1;
    static final byte UNDO = 2;
    static final byte[] POSITION_KEY = key(POSITION, 0);

    private static final int KEY_BYTES = 1 + Long.BYTES;
    private static final int POSITION_BYTES = 4 * Integer.BYTES + 2 * Long.BYTES; // without topic and CRC
    private static final int ROW_BYTES = 2 * Integer.BYTES; // without content and CRC
    private static final int UNDO_BYTES = 2 * Integer.BYTES + Long.BYTES; // without what was replaced and CRC
    private static final int REPLACED_BYTES = Integer.BYTES + 1; // without content
    private static final int CONTENT_BYTES = Short.BYTES + Integer.BYTES + 3 * Long.BYTES; // without id and numbers

    static byte[] rowKey(long slot) {
        return key(ROW, slot);
    }

    /** The key of what the step replaced whose last write is that. */
    static byte[] undoKey(long last) {
        return key(UNDO, last);
    }

    static byte[] key(byte kind, long number) {
        return ByteBuffer.allocate(KEY_BYTES).put(kind).putLong(number).array();
    }

    /** Whether a key is of that kind. */
    static boolean isOf(byte kind, byte[] key) {
        return key.length == KEY_BYTES && key[0] == kind;
    }

    /** The slot or sequence number in a key. */
    static long number(byte[] key) {
        return ByteBuffer.wrap(key).getLong(1);
    }

    static String slotPlace(long slot) {
        return "slot " + slot;
    }

    static String undoPlace(long last) {
        return "the undo of write " + last;
    }

    static byte[] encode(BankPosition position) {
        MemoryBankSettings settings = position.settings();
        byte[] topic = settings.topic().getBytes(UTF_8);
        byte[] bytes = new byte[POSITION_BYTES + topic.length + CRC_BYTES];
        SealedValue.begin(bytes)
                .putInt(settings.dimension())
                .putInt(settings.capacity())
                .putInt(position.size())
                .putLong(position.earliest())
                .putLong(position.newest())
                .put(topic);
        return SealedValue.seal(bytes);
    }

    static BankPosition decodePosition(String store, byte[] bytes) {
        ByteBuffer value = SealedValue.open(store, "its position", bytes, POSITION_BYTES + CRC_BYTES);
        int dimension = value.getInt();
        int capacity = value.getInt();
        int size = value.getInt();
        long earliest = value.getLong();
        long newest = value.getLong();
        String topic = new String(bytes, value.position(), value.remaining(), UTF_8);
        return new BankPosition(new MemoryBankSettings(topic, dimension, capacity), size, earliest, newest);
    }

    byte[] encode(int slot, BankRow row) {
        byte[] bytes = new byte[ROW_BYTES + contentBytes(row) + CRC_BYTES];
        put(row, SealedValue.begin(bytes).putInt(slot));
        return SealedValue.seal(bytes);
    }

    /** The row of that slot. */
    BankRow decodeRow(byte[] bytes, long slot) {
        ByteBuffer value =
                SealedValue.open(store, slotPlace(slot), bytes, ROW_BYTES + CONTENT_BYTES + rowBytes() + CRC_BYTES);
        int own = value.getInt();
        if (own != slot) {
            throw new DamagedStoreException(StoreKind.KEYS, store, slotPlace(slot), "its row", "that of slot " + own);
        }
        return row(value);
    }

    byte[] encode(UndoBatch undo) {
        int size = UNDO_BYTES + CRC_BYTES;
        for (Replaced replaced : undo.replaced()) {
            size += REPLACED_BYTES + replaced.before().map(this::contentBytes).orElse(0);
        }
        byte[] bytes = new byte[size];
        ByteBuffer value = SealedValue.begin(bytes)
                .putLong(undo.first())
                .putInt(undo.replaced().size());
        for (Replaced replaced : undo.replaced()) {
            value.putInt(replaced.slot()).put((byte) (replaced.before().isPresent() ? 1 : 0));
            replaced.before().ifPresent(row -> put(row, value));
        }
        return SealedValue.seal(bytes);
    }

    /** What the step whose last write is {@code last} replaced. */
    UndoBatch decodeUndo(byte[] bytes, long last) {
        ByteBuffer value = SealedValue.open(store, undoPlace(last), bytes, UNDO_BYTES + CRC_BYTES);
        long first = value.getLong();
        int count = value.getInt();
        if (first + count - 1 != last) {
            throw new DamagedStoreException(
                    StoreKind.KEYS,
                    store,
                    undoPlace(last),
                    "a step that ends there",
                    "one of %d from write %d".formatted(count, first));
        }
        List<Replaced> replaced = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int slot = value.getInt();
            boolean held = value.get() != 0;
            replaced.add(new Replaced(slot, held ? Optional.of(row(value)) : Optional.empty()));
        }
        return new UndoBatch(first, replaced);
    }

    private int contentBytes(BankRow row) {
        return CONTENT_BYTES + row.image().bytes().length + rowBytes();
    }

    private int rowBytes() {
        return dimension * Float.BYTES;
    }

    private static void put(BankRow row, ByteBuffer value) {
        KeyProvenance origin = row.provenance();
        byte[] image = row.image().bytes();
        value.putShort((short) image.length).put(image);
        value.putLong(origin.sequence()).putLong(origin.step());
        value.putInt(origin.image().partition()).putLong(origin.image().offset());
        for (float number : row.row()) {
            value.putFloat(number);
        }
    }

    private BankRow row(ByteBuffer value) {
        byte[] image = new byte[value.getShort()];
        value.get(image);
        long sequence = value.getLong();
        long step = value.getLong();
        ImageOffset at = new ImageOffset(value.getInt(), value.getLong());
        float[] row = new float[dimension];
        for (int i = 0; i < dimension; i++) {
            row[i] = value.getFloat();
        }
        return new BankRow(new ImageId(image), new KeyProvenance(sequence, step, at), row);
    }
}

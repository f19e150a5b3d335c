package org.millrace.keystore;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.millrace.contract.UserException;
import org.millrace.keystore.UndoBatch.Replaced;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteBatch;

/**
 * The memory bank on disk: a record per row, one per step with what it replaced, and one for the position, which every write
 * renews together with what it describes. Survives the death of the process at once, and that of the machine after {@link #sync}.
 * The heap's mirror answers every read; the disk is read when the bank is opened or rolled back.
 */
final class RocksMemoryBank implements MemoryBank {
    private static final byte[] POSITION_KEY = BankFormat.key(BankFormat.POSITION, 0);

    private final RocksFolder folder;
    private final BankFormat format;
    private final boolean readOnly;
    private final BankMirror mirror;
    private BankPosition position;

    private RocksMemoryBank(RocksFolder folder, boolean readOnly, BankPosition position) {
        this.folder = folder;
        this.format = new BankFormat(folder.toString(), position.settings().dimension());
        this.readOnly = readOnly;
        this.mirror = new BankMirror(position.settings());
        this.position = position;
        load();
    }

    static RocksMemoryBank open(Path path, MemoryBankSettings settings) {
        return opened(RocksFolder.open(path, settings.bytes()), folder -> {
            Optional<BankPosition> found = readPosition(folder);
            found.ifPresent(position -> checkMadeFor(settings, position, folder));
            var bank = new RocksMemoryBank(folder, false, found.orElseGet(() -> BankPosition.empty(settings)));
            if (found.isEmpty()) {
                bank.change(bank.position, write -> {});
            }
            return bank;
        });
    }

    static RocksMemoryBank openReadOnly(Path path) {
        return RocksFolder.steadily(() -> opened(RocksFolder.openReadOnly(path), folder -> {
            BankPosition position = readPosition(folder)
                    .orElseThrow(() -> new UserException(
                            "The memory bank %s is empty: it has only just been made. Try again when the run has trained a step."
                                    .formatted(folder)));
            return new RocksMemoryBank(folder, true, position);
        }));
    }

    @Override
    public MemoryBankSettings settings() {
        return position.settings();
    }

    @Override
    public int size() {
        return mirror.size();
    }

    @Override
    public long newestSequence() {
        return position.newest();
    }

    @Override
    public BankRows rows(List<ImageId> images) {
        return mirror.rows(images);
    }

    @Override
    public float[] rows(int[] slots) {
        return mirror.rows(slots);
    }

    @Override
    public long[] steps() {
        return mirror.steps();
    }

    @Override
    public Optional<KeyProvenance> find(ImageId image) {
        return mirror.find(image);
    }

    @Override
    public long update(List<ImageId> images, KeyBatch rows) {
        position.checkFits(images.size(), rows);
        UndoBatch undo = mirror.update(position.newest() + 1, images, rows);
        try {
            change(position.update(mirror.size(), rows), write -> {
                write.put(undoKey(undo.last()), format.encode(undo));
                for (int slot : undo.slots()) {
                    write.put(rowKey(slot), format.encode(slot, mirror.row(slot)));
                }
            });
        } catch (RuntimeException e) {
            mirror.undo(List.of(undo));
            throw e;
        }
        return position.newest();
    }

    @Override
    public void truncateAfter(long sequence) {
        position.checkReaches(folder.toString(), sequence);
        if (sequence == position.newest()) {
            return;
        }
        if (sequence == 0) {
            change(position.truncateAfter(0, 0), write -> {
                write.deleteRange(rowKey(0), rowKey(position.size()));
                write.deleteRange(undoKey(0), undoKey(position.newest() + 1));
            });
            mirror.clear();
            return;
        }
        List<UndoBatch> newestFirst = undoAfter(sequence);
        List<UndoBatch> undone =
                newestFirst.stream().map(undo -> undo.after(sequence)).toList();
        UndoBatch oldest = newestFirst.get(newestFirst.size() - 1);
        Map<Integer, Optional<BankRow>> slots = slotsBefore(undone);
        int sizeThen = position.size()
                - (int) slots.values().stream().filter(Optional::isEmpty).count();
        change(position.truncateAfter(sizeThen, sequence), write -> {
            write.deleteRange(undoKey(sequence + 1), undoKey(position.newest() + 1));
            if (oldest.first() <= sequence) {
                write.put(undoKey(sequence), format.encode(oldest.upTo(sequence)));
            }
            for (Map.Entry<Integer, Optional<BankRow>> slot : slots.entrySet()) {
                byte[] key = rowKey(slot.getKey());
                if (slot.getValue().isPresent()) {
                    write.put(key, format.encode(slot.getKey(), slot.getValue().get()));
                } else {
                    write.delete(key);
                }
            }
        });
        mirror.undo(undone);
    }

    @Override
    public void releaseBefore(long sequence) {
        position.checkReleases(sequence);
        if (sequence <= position.earliest()) {
            return;
        }
        long earliest;
        try (RocksIterator iterator = folder.newIterator()) {
            iterator.seekForPrev(undoKey(sequence));
            if (!folder.isValid(iterator) || !BankFormat.isOf(BankFormat.UNDO, iterator.key())) {
                return; // the step of write 'sequence' began after 'earliest'
            }
            earliest = BankFormat.number(iterator.key());
        }
        change(position.releaseBefore(earliest), write -> write.deleteRange(undoKey(0), undoKey(earliest + 1)));
    }

    @Override
    public void sync() {
        folder.sync();
    }

    @Override
    public void close() {
        folder.close();
    }

    /** Reads every row, and checks that they are those of the position. */
    private void load() {
        List<BankRow> rows = new ArrayList<>(position.size());
        try (RocksIterator iterator = folder.newIterator()) {
            for (iterator.seek(rowKey(0)); rows.size() < position.size(); iterator.next()) {
                long slot = rows.size();
                if (!folder.isValid(iterator) || !Arrays.equals(iterator.key(), rowKey(slot))) {
                    throw damaged(BankFormat.slotPlace(slot), "its row", "none");
                }
                BankRow row = format.decodeRow(iterator.value(), slot);
                if (row.provenance().sequence() > position.newest()) {
                    throw damaged(
                            BankFormat.slotPlace(slot),
                            "a row written up to write " + position.newest(),
                            "one of write " + row.provenance().sequence());
                }
                rows.add(row);
            }
            if (folder.isValid(iterator) && BankFormat.isOf(BankFormat.ROW, iterator.key())) {
                throw damaged(
                        BankFormat.slotPlace(BankFormat.number(iterator.key())),
                        "only " + position.size() + " rows",
                        "one more");
            }
        }
        if (!mirror.load(rows)) {
            throw damaged("its rows", "one row per image", "two of the same image");
        }
    }

    /** What the steps with writes after {@code sequence} replaced, newest first, without a gap. */
    private List<UndoBatch> undoAfter(long sequence) {
        List<UndoBatch> newestFirst = new ArrayList<>();
        long last = position.newest();
        try (RocksIterator iterator = folder.newIterator()) {
            for (iterator.seekForPrev(undoKey(last)); last > sequence; iterator.prev()) {
                if (!folder.isValid(iterator) || !Arrays.equals(iterator.key(), undoKey(last))) {
                    throw damaged(BankFormat.undoPlace(last), "what that write replaced", "none");
                }
                UndoBatch undo = format.decodeUndo(iterator.value(), last);
                newestFirst.add(undo);
                last = undo.first() - 1;
            }
        }
        return newestFirst;
    }

    /** What each slot that was written held before all of these writes; the batches are newest first. */
    private static Map<Integer, Optional<BankRow>> slotsBefore(List<UndoBatch> undone) {
        Map<Integer, Optional<BankRow>> slots = new TreeMap<>();
        for (UndoBatch undo : undone) {
            for (int i = undo.replaced().size() - 1; i >= 0; i--) {
                Replaced replaced = undo.replaced().get(i);
                slots.put(replaced.slot(), replaced.before());
            }
        }
        return slots;
    }

    /** Writes a change and the position after it, all or nothing. */
    private void change(BankPosition next, Change change) {
        if (readOnly) {
            throw new IllegalStateException("the memory bank %s is open for reading only".formatted(folder));
        }
        try (WriteBatch write = new WriteBatch()) {
            change.addTo(write);
            write.put(POSITION_KEY, BankFormat.encode(next));
            folder.write(write);
        } catch (RocksDBException e) {
            throw new IllegalStateException("a change of the memory bank %s cannot be built".formatted(folder), e);
        }
        position = next;
    }

    private static RocksMemoryBank opened(RocksFolder folder, Function<RocksFolder, RocksMemoryBank> reader) {
        try {
            return reader.apply(folder);
        } catch (RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    private static Optional<BankPosition> readPosition(RocksFolder folder) {
        Optional<byte[]> value = folder.get(POSITION_KEY);
        if (value.isEmpty()) {
            try (RocksIterator iterator = folder.newIterator()) {
                iterator.seekToFirst();
                if (folder.isValid(iterator)) {
                    throw new DamagedKeyStoreException(folder.toString(), "its position", "one", "none");
                }
            }
        }
        return value.map(bytes -> BankFormat.decodePosition(folder.toString(), bytes));
    }

    private static void checkMadeFor(MemoryBankSettings wanted, BankPosition position, RocksFolder folder) {
        MemoryBankSettings found = position.settings();
        if (!found.equals(wanted)) {
            throw new UserException(
                    "The memory bank %s has room for %d rows of %d numbers for images of topic '%s', but this run wants room for %d rows of %d numbers for images of topic '%s'. Give this run another name or data folder, or go back to the former configuration."
                            .formatted(
                                    folder,
                                    found.capacity(),
                                    found.dimension(),
                                    found.topic(),
                                    wanted.capacity(),
                                    wanted.dimension(),
                                    wanted.topic()));
        }
    }

    private DamagedKeyStoreException damaged(String place, String expected, String actual) {
        return new DamagedKeyStoreException(folder.toString(), place, expected, actual);
    }

    private static byte[] rowKey(long slot) {
        return BankFormat.key(BankFormat.ROW, slot);
    }

    private static byte[] undoKey(long last) {
        return BankFormat.key(BankFormat.UNDO, last);
    }

    /** What a write does besides renewing the position. */
    private interface Change {
        void addTo(WriteBatch write) throws RocksDBException;
    }
}

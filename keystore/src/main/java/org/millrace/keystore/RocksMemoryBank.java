package org.millrace.keystore;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.millrace.contract.UserException;
import org.millrace.keystore.UndoBatch.Replaced;
import org.millrace.keystore.disk.RocksFolder;

/**
 * The memory bank on disk: a record per row, one per step with what it replaced, and one for the position, which every write
 * renews together with what it describes. Survives the death of the process at once, and that of the machine after {@link #sync}.
 * The heap's mirror answers every read; the disk is read when the bank is opened or rolled back.
 */
final class RocksMemoryBank extends MirroredBank {
    private final RocksFolder folder;
    private final BankRecords records;
    private final BankFormat format;

    private RocksMemoryBank(RocksFolder folder, BankPosition position) {
        super(position);
        this.folder = folder;
        this.format = new BankFormat(folder.toString(), position.settings().dimension());
        this.records = new BankRecords(folder, format);
        if (!mirror.load(records.rows(position))) {
            throw folder.damaged("its rows", "one row per image", "two of the same image");
        }
    }

    static RocksMemoryBank open(Path path, MemoryBankSettings settings) {
        return RocksFolder.open(path, settings.bytes()).asStore(folder -> {
            Optional<BankPosition> found = BankRecords.position(folder);
            found.ifPresent(position -> checkMadeFor(settings, position, folder));
            var bank = new RocksMemoryBank(folder, found.orElseGet(() -> BankPosition.empty(settings)));
            if (found.isEmpty()) {
                bank.change(bank.position, write -> {});
            }
            return bank;
        });
    }

    static RocksMemoryBank openReadOnly(Path path) {
        return RocksFolder.steadily(() -> RocksFolder.openReadOnly(path).asStore(folder -> {
            BankPosition position = BankRecords.position(folder)
                    .orElseThrow(() -> new UserException(
                            "The memory bank %s is empty: it has only just been made. Try again when the run has trained a step."
                                    .formatted(folder)));
            return new RocksMemoryBank(folder, position);
        }));
    }

    @Override
    public long update(List<ImageId> images, KeyBatch rows) {
        position.checkFits(images.size(), rows);
        UndoBatch undo = mirror.update(position.newest() + 1, images, rows);
        try {
            change(position.update(mirror.size(), rows), write -> {
                write.put(BankFormat.undoKey(undo.last()), format.encode(undo));
                for (int slot : undo.slots()) {
                    write.put(BankFormat.rowKey(slot), format.encode(slot, mirror.row(slot)));
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
                write.deleteRange(BankFormat.rowKey(0), BankFormat.rowKey(position.size()));
                write.deleteRange(BankFormat.undoKey(0), BankFormat.undoKey(position.newest() + 1));
            });
            mirror.clear();
            return;
        }
        List<UndoBatch> newestFirst = records.undoAfter(sequence, position);
        List<UndoBatch> undone =
                newestFirst.stream().map(undo -> undo.after(sequence)).toList();
        UndoBatch oldest = newestFirst.get(newestFirst.size() - 1);
        Map<Integer, Optional<BankRow>> slots = slotsBefore(undone);
        int sizeThen = position.size()
                - (int) slots.values().stream().filter(Optional::isEmpty).count();
        change(position.truncateAfter(sizeThen, sequence), write -> {
            write.deleteRange(BankFormat.undoKey(sequence + 1), BankFormat.undoKey(position.newest() + 1));
            if (oldest.first() <= sequence) {
                write.put(BankFormat.undoKey(sequence), format.encode(oldest.upTo(sequence)));
            }
            for (Map.Entry<Integer, Optional<BankRow>> slot : slots.entrySet()) {
                byte[] key = BankFormat.rowKey(slot.getKey());
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
        OptionalLong last = records.lastUndoUpTo(sequence);
        if (last.isEmpty()) {
            return; // the step of write 'sequence' began after 'earliest'
        }
        long earliest = last.getAsLong();
        change(
                position.releaseBefore(earliest),
                write -> write.deleteRange(BankFormat.undoKey(0), BankFormat.undoKey(earliest + 1)));
    }

    @Override
    public void sync() {
        folder.sync();
    }

    @Override
    public void close() {
        folder.close();
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
    private void change(BankPosition next, RocksFolder.Change change) {
        folder.write(write -> {
            change.addTo(write);
            write.put(BankFormat.POSITION_KEY, BankFormat.encode(next));
        });
        position = next;
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
}

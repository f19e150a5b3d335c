package org.millrace.keystore;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.millrace.keystore.disk.RocksFolder;
import org.rocksdb.RocksIterator;

/** Reads the records of a memory bank on disk, and checks that none is missing, moved or changed. Not thread safe. */
record BankRecords(RocksFolder folder, BankFormat format) {
    /** The bank's position; empty where the database has no record at all. */
    static Optional<BankPosition> position(RocksFolder folder) {
        Optional<byte[]> value = folder.get(BankFormat.POSITION_KEY);
        if (value.isEmpty()) {
            try (RocksIterator iterator = folder.newIterator()) {
                iterator.seekToFirst();
                if (folder.isValid(iterator)) {
                    throw folder.damaged("its position", "one", "none");
                }
            }
        }
        return value.map(bytes -> BankFormat.decodePosition(folder.toString(), bytes));
    }

    /** Every row by slot, as many as the position has. */
    List<BankRow> rows(BankPosition position) {
        List<BankRow> rows = new ArrayList<>(position.size());
        try (RocksIterator iterator = folder.newIterator()) {
            for (iterator.seek(BankFormat.rowKey(0)); rows.size() < position.size(); iterator.next()) {
                long slot = rows.size();
                if (!folder.isValid(iterator) || !Arrays.equals(iterator.key(), BankFormat.rowKey(slot))) {
                    throw folder.damaged(BankFormat.slotPlace(slot), "its row", "none");
                }
                BankRow row = format.decodeRow(iterator.value(), slot);
                if (row.provenance().sequence() > position.newest()) {
                    throw folder.damaged(
                            BankFormat.slotPlace(slot),
                            "a row written up to write " + position.newest(),
                            "one of write " + row.provenance().sequence());
                }
                rows.add(row);
            }
            if (folder.isValid(iterator) && BankFormat.isOf(BankFormat.ROW, iterator.key())) {
                throw folder.damaged(
                        BankFormat.slotPlace(BankFormat.number(iterator.key())),
                        "only " + position.size() + " rows",
                        "one more");
            }
        }
        return rows;
    }

    /** What the steps with writes after {@code sequence} replaced, newest first, without a gap. */
    List<UndoBatch> undoAfter(long sequence, BankPosition position) {
        List<UndoBatch> newestFirst = new ArrayList<>();
        long last = position.newest();
        try (RocksIterator iterator = folder.newIterator()) {
            for (iterator.seekForPrev(BankFormat.undoKey(last)); last > sequence; iterator.prev()) {
                if (!folder.isValid(iterator) || !Arrays.equals(iterator.key(), BankFormat.undoKey(last))) {
                    throw folder.damaged(BankFormat.undoPlace(last), "what that write replaced", "none");
                }
                UndoBatch undo = format.decodeUndo(iterator.value(), last);
                newestFirst.add(undo);
                last = undo.first() - 1;
            }
        }
        return newestFirst;
    }

    /** The last write of the newest step that ended at {@code sequence} or before and can still be undone. */
    OptionalLong lastUndoUpTo(long sequence) {
        try (RocksIterator iterator = folder.newIterator()) {
            iterator.seekForPrev(BankFormat.undoKey(sequence));
            return folder.isValid(iterator) && BankFormat.isOf(BankFormat.UNDO, iterator.key())
                    ? OptionalLong.of(BankFormat.number(iterator.key()))
                    : OptionalLong.empty();
        }
    }
}

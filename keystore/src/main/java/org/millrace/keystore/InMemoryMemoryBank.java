package org.millrace.keystore;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** The counterpart on the heap of the memory bank on disk: for tests, and for runs that need not survive. */
final class InMemoryMemoryBank extends MirroredBank {
    private static final String NAME = "in memory";

    private final Deque<UndoBatch> undo = new ArrayDeque<>(); // newest first

    InMemoryMemoryBank(MemoryBankSettings settings) {
        super(BankPosition.empty(settings));
    }

    @Override
    public long update(List<ImageId> images, KeyBatch rows) {
        position.checkFits(images.size(), rows);
        undo.addFirst(mirror.update(position.newest() + 1, images, rows));
        position = position.update(mirror.size(), rows);
        return position.newest();
    }

    @Override
    public void truncateAfter(long sequence) {
        position.checkReaches(NAME, sequence);
        if (sequence == 0) {
            mirror.clear();
            undo.clear();
        } else {
            List<UndoBatch> undone = new ArrayList<>();
            while (!undo.isEmpty() && undo.element().last() > sequence) {
                UndoBatch batch = undo.remove();
                undone.add(batch.after(sequence));
                if (batch.first() <= sequence) {
                    undo.addFirst(batch.upTo(sequence));
                }
            }
            mirror.undo(undone);
        }
        position = position.truncateAfter(mirror.size(), sequence);
    }

    @Override
    public void releaseBefore(long sequence) {
        position.checkReleases(sequence);
        while (!undo.isEmpty() && undo.getLast().last() <= sequence) {
            position = position.releaseBefore(undo.removeLast().last());
        }
    }

    @Override
    public void sync() {
        // Nothing outlives the process.
    }

    @Override
    public void close() {
        // The heap is the collector's.
    }
}

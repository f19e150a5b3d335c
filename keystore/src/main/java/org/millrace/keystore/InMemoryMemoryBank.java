package org.millrace.keystore;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/** The counterpart on the heap of the memory bank on disk: for tests, and for runs that need not survive. */
final class InMemoryMemoryBank implements MemoryBank {
    private static final String NAME = "in memory";

    private final BankMirror mirror;
    private final Deque<UndoBatch> undo = new ArrayDeque<>(); // newest first
    private BankPosition position;

    InMemoryMemoryBank(MemoryBankSettings settings) {
        mirror = new BankMirror(settings);
        position = BankPosition.empty(settings);
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

package org.millrace.keystore;

import java.util.List;
import java.util.Optional;

/** A memory bank with its rows on the heap, where every read is answered. */
abstract sealed class MirroredBank implements MemoryBank permits RocksMemoryBank, InMemoryMemoryBank {
    final BankMirror mirror;
    BankPosition position;

    MirroredBank(BankPosition position) {
        this.mirror = new BankMirror(position.settings());
        this.position = position;
    }

    @Override
    public final MemoryBankSettings settings() {
        return position.settings();
    }

    @Override
    public final int size() {
        return mirror.size();
    }

    @Override
    public final long newestSequence() {
        return position.newest();
    }

    @Override
    public final BankRows rows(List<ImageId> images) {
        return mirror.rows(images);
    }

    @Override
    public final float[] rows(int[] slots) {
        return mirror.rows(slots);
    }

    @Override
    public final long[] steps() {
        return mirror.steps();
    }

    @Override
    public final Optional<KeyProvenance> find(ImageId image) {
        return mirror.find(image);
    }
}

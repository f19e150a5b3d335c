package org.millrace.keystore;

import static org.millrace.contract.Check.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.millrace.contract.ImageOffset;
import org.millrace.keystore.UndoBatch.Replaced;

/** The rows of a memory bank on the heap: by slot, by image id, and in the order of their last write. Not thread safe. */
final class BankMirror {
    private static final int LEAST_SLOTS = 64;

    private final int dimension;
    private final int capacity;
    private final List<ImageId> images = new ArrayList<>(); // by slot
    private final List<KeyProvenance> provenance = new ArrayList<>(); // by slot
    private final Map<ImageId, Integer> slots = new LinkedHashMap<>(); // written longest ago first
    private float[] rows = new float[0]; // slots×C, with room for more

    BankMirror(MemoryBankSettings settings) {
        this.dimension = settings.dimension();
        this.capacity = settings.capacity();
    }

    int size() {
        return images.size();
    }

    BankRows rows(List<ImageId> wanted) {
        int[] found = new int[wanted.size()];
        float[] copy = new float[Math.multiplyExact(wanted.size(), dimension)]; // N×C
        for (int i = 0; i < found.length; i++) {
            found[i] = slots.getOrDefault(wanted.get(i), BankRows.ABSENT);
            if (found[i] != BankRows.ABSENT) {
                System.arraycopy(rows, found[i] * dimension, copy, i * dimension, dimension);
            }
        }
        return new BankRows(dimension, copy, found);
    }

    float[] rows(int[] wanted) {
        float[] copy = new float[Math.multiplyExact(wanted.length, dimension)]; // N×C
        for (int i = 0; i < wanted.length; i++) {
            check(wanted[i] >= 0 && wanted[i] < size(), "a slot must be in [0, %d), but was %d", size(), wanted[i]);
            System.arraycopy(rows, wanted[i] * dimension, copy, i * dimension, dimension);
        }
        return copy;
    }

    long[] steps() {
        return provenance.stream().mapToLong(KeyProvenance::step).toArray();
    }

    Optional<KeyProvenance> find(ImageId image) {
        return Optional.ofNullable(slots.get(image)).map(provenance::get);
    }

    BankRow row(int slot) {
        float[] copy = Arrays.copyOfRange(rows, slot * dimension, (slot + 1) * dimension);
        return new BankRow(images.get(slot), provenance.get(slot), copy);
    }

    /** Writes the rows of a step, of which the first has that sequence number; returns what they replaced. */
    UndoBatch update(long first, List<ImageId> ids, KeyBatch batch) {
        List<Replaced> replaced = new ArrayList<>(ids.size());
        for (int i = 0; i < ids.size(); i++) {
            ImageId image = ids.get(i);
            int slot = takeSlot(image);
            replaced.add(new Replaced(slot, slot < size() ? Optional.of(row(slot)) : Optional.empty()));
            ImageOffset at = batch.images().get(i);
            put(slot, image, new KeyProvenance(first + i, batch.step(), at), batch.keys(), i * dimension);
            slots.put(image, slot);
        }
        return new UndoBatch(first, replaced);
    }

    /** Takes writes back; the batches are newest first. */
    void undo(List<UndoBatch> batches) {
        for (UndoBatch batch : batches) {
            for (int i = batch.replaced().size() - 1; i >= 0; i--) {
                Replaced replaced = batch.replaced().get(i);
                replaced.before().ifPresentOrElse(row -> put(replaced.slot(), row), () -> drop(replaced.slot()));
            }
        }
        reorder();
    }

    /** Takes the rows of all slots, in their order; false where two of them have the same image. */
    boolean load(List<BankRow> bySlot) {
        clear();
        for (int slot = 0; slot < bySlot.size(); slot++) {
            put(slot, bySlot.get(slot));
        }
        reorder();
        return slots.size() == size();
    }

    void clear() {
        images.clear();
        provenance.clear();
        slots.clear();
    }

    private int takeSlot(ImageId image) {
        Integer own = slots.remove(image);
        if (own != null) {
            return own;
        }
        if (size() < capacity) {
            return size();
        }
        var oldest = slots.entrySet().iterator();
        int slot = oldest.next().getValue();
        oldest.remove();
        return slot;
    }

    private void put(int slot, BankRow row) {
        put(slot, row.image(), row.provenance(), row.row(), 0);
    }

    private void put(int slot, ImageId image, KeyProvenance origin, float[] source, int from) {
        if (slot == size()) {
            images.add(image);
            provenance.add(origin);
            makeRoom();
        } else {
            images.set(slot, image);
            provenance.set(slot, origin);
        }
        System.arraycopy(source, from, rows, slot * dimension, dimension);
    }

    private void makeRoom() {
        if (size() * dimension > rows.length) {
            long slotsThen = Math.min(capacity, Math.max(LEAST_SLOTS, 2L * size()));
            rows = Arrays.copyOf(rows, Math.toIntExact(slotsThen * dimension));
        }
    }

    // slots are taken in order, so the one that is given back is the last
    private void drop(int slot) {
        check(slot == size() - 1, "slot %d must be the last of %d to be dropped", slot, size());
        images.remove(slot);
        provenance.remove(slot);
    }

    private void reorder() {
        slots.clear();
        IntStream.range(0, size())
                .boxed()
                .sorted(Comparator.comparingLong(slot -> provenance.get(slot).sequence()))
                .forEach(slot -> slots.put(images.get(slot), slot));
    }
}

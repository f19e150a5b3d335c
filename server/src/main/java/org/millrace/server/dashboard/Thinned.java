package org.millrace.server.dashboard;

import static org.millrace.contract.Check.check;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Predicate;

/**
 * A history of any length in bounded space: once it is full, adjacent items are merged in pairs, so that the oldest entries stay visible
 * and every item represents the same number of entries. The items depend on the entries only. Not thread safe.
 */
final class Thinned<T> {
    private final int capacity;
    private final BinaryOperator<T> merge;
    private final List<T> items = new ArrayList<>();
    private long stride = 1; // entries per item
    private long inLast; // entries in the last item so far
    private int changedFrom;
    private boolean changed;

    /**
     * @param capacity most items, an even number
     * @param merge makes one item of two adjacent ones, the earlier first
     */
    Thinned(int capacity, BinaryOperator<T> merge) {
        check(capacity >= 2 && capacity % 2 == 0, "capacity must be even and at least 2, but was %d", capacity);
        this.capacity = capacity;
        this.merge = merge;
    }

    /** The items from the index {@code from} on, which replace all that were known from there. */
    record Tail<T>(int from, List<T> rows) {
        Tail {
            rows = List.copyOf(rows);
        }
    }

    void add(T entry) {
        if (inLast == stride && items.size() == capacity) {
            halve();
        }
        int last = items.size() - 1;
        if (last < 0 || inLast == stride) {
            items.add(entry);
            inLast = 1;
            touch(last + 1);
        } else {
            items.set(last, merge.apply(items.get(last), entry));
            inLast++;
            touch(last);
        }
    }

    /** Replaces the first item that matches; false where none does. */
    boolean replace(Predicate<? super T> matches, T entry) {
        for (int i = 0; i < items.size(); i++) {
            if (matches.test(items.get(i))) {
                items.set(i, entry);
                touch(i);
                return true;
            }
        }
        return false;
    }

    void removeIf(Predicate<? super T> unwanted) {
        if (items.removeIf(unwanted)) {
            inLast = items.isEmpty() ? 0 : stride; // the next entry begins an item of its own
            touch(0);
        }
    }

    void clear() {
        items.clear();
        stride = 1;
        inLast = 0;
        touch(0);
    }

    List<T> items() {
        return List.copyOf(items);
    }

    boolean hasChanged() {
        return changed;
    }

    /** The changes since the last call. */
    Tail<T> takeChanges() {
        Tail<T> tail = new Tail<>(changedFrom, items.subList(changedFrom, items.size()));
        changedFrom = items.size();
        changed = false;
        return tail;
    }

    private void touch(int index) {
        changedFrom = Math.min(changedFrom, index);
        changed = true;
    }

    private void halve() {
        for (int i = 0; i < capacity / 2; i++) {
            items.set(i, merge.apply(items.get(2 * i), items.get(2 * i + 1)));
        }
        items.subList(capacity / 2, capacity).clear();
        stride *= 2;
        inLast = stride;
        touch(0);
    }
}

package org.millrace.keystore;

import static org.millrace.contract.Check.check;

import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** The newest keys of a store, batch by batch, and what is read from them. */
@FunctionalInterface
interface NewestKeys {
    /** Shows the newest {@code count} keys, which are stored: newest batch first, the last one cut to the count. */
    void visit(long count, Consumer<StoredBatch> visitor);

    /** The newest {@code count} keys, or as many as there are, oldest first. */
    default KeyWindow window(StorePosition position, int count) {
        int size = size(position, count);
        int dimension = position.dimension();
        long first = position.newest() - size + 1;
        float[] keys = new float[Math.multiplyExact(size, dimension)]; // N×C
        KeyProvenance[] provenance = new KeyProvenance[size];
        visit(size, stored -> {
            int row = (int) (stored.first() - first);
            float[] rows = stored.batch().keys();
            System.arraycopy(rows, 0, keys, row * dimension, rows.length);
            for (long sequence = stored.first(); sequence <= stored.last(); sequence++) {
                provenance[row++] = stored.provenance(sequence);
            }
        });
        return new KeyWindow(dimension, keys, Arrays.asList(provenance));
    }

    /** Counts the newest {@code capacity} keys by age. */
    default KeyStatistics statistics(StorePosition position, int capacity, long currentStep, long diskBytes) {
        int fill = size(position, capacity);
        SortedMap<Long, Long> keysByStep = new TreeMap<>();
        visit(
                fill,
                stored -> keysByStep.merge(
                        stored.batch().step(), (long) stored.batch().size(), Long::sum));
        return new KeyStatistics(
                position.topic(),
                capacity,
                fill,
                position.dimension(),
                fill == 0 ? -1 : keysByStep.firstKey(),
                fill == 0 ? -1 : keysByStep.lastKey(),
                KeyStatistics.agesAt(currentStep, keysByStep),
                position.stored(),
                position.newest(),
                diskBytes);
    }

    private static int size(StorePosition position, int count) {
        check(count >= 0, "count must not be negative, but was %d", count);
        return (int) Math.min(count, position.stored());
    }
}

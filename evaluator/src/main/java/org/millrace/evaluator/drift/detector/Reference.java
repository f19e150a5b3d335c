package org.millrace.evaluator.drift.detector;

import java.util.Arrays;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.numerics.FeatureMatrix;

/** What windows are compared with: features of images without drift, N×D, and what is computed from them once. Not thread safe. */
final class Reference {
    private final FeatureMatrix rows;
    private final long seed;
    private final FrechetToReference frechet;
    private final ComponentShift components;

    Reference(FeatureMatrix rows, long seed) {
        this.rows = rows;
        this.seed = seed;
        this.frechet = new FrechetToReference(rows);
        this.components = ComponentShift.from(rows);
    }

    FeatureMatrix rows() {
        return rows;
    }

    /** The seed of what is drawn. */
    long seed() {
        return seed;
    }

    FrechetToReference frechet() {
        return frechet;
    }

    ComponentShift components() {
        return components;
    }

    /** {@code size} rows, drawn at random. Draw i is a pure function of seed, size and i. */
    Part part(int size, int draw) {
        int[] mixed = drawn(2 * size, draw, size);
        return new Part(rows, Arrays.copyOf(mixed, size), Arrays.copyOfRange(mixed, size, 2 * size), draw);
    }

    // the first of a random order of all rows
    private int[] drawn(int count, int draw, int size) {
        CounterRandom random = CounterRandom.of(seed, draw, Purpose.SHUFFLE, size);
        int[] order = new int[rows.rows()];
        Arrays.setAll(order, i -> i);
        for (int i = 0; i < count; i++) {
            int j = i + random.nextInt(order.length - i);
            int row = order[i];
            order[i] = order[j];
            order[j] = row;
        }
        return Arrays.copyOf(order, count);
    }
}

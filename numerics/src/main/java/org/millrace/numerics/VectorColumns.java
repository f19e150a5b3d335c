package org.millrace.numerics;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * Vectors of one length in numbered places, stored dimension by dimension: the products of one vector with all of them are sums over
 * arrays in order, which the compiler turns into vector instructions. Not thread safe.
 */
public final class VectorColumns {
    private static final int LEAST_ROOM = 64;

    private final float[][] values; // C×room
    private final Deque<Integer> free = new ArrayDeque<>();
    private int used; // places 0 to used − 1 are taken or free

    /** @param dimension C */
    public VectorColumns(int dimension) {
        values = new float[dimension][LEAST_ROOM];
    }

    /** Puts a vector, C, into a free place, and returns that. */
    public int add(float[] vector) {
        int place = free.isEmpty() ? used++ : free.remove();
        if (used > values[0].length) {
            for (int i = 0; i < values.length; i++) {
                values[i] = Arrays.copyOf(values[i], 2 * values[i].length);
            }
        }
        for (int i = 0; i < values.length; i++) {
            values[i][place] = vector[i];
        }
        return place;
    }

    /** Frees a place, which a later vector takes. */
    public void remove(int place) {
        free.add(place);
    }

    /**
     * The product of a vector, C, with that in each place; of a free place, any number. Summed in the order of the dimensions, so a·b and
     * b·a are the same number to the bit.
     */
    public float[] products(float[] vector) {
        float[] products = new float[used];
        int i = 0;
        for (; i + 4 <= values.length; i += 4) {
            addFour(vector, i, products);
        }
        for (; i < values.length; i++) {
            addOne(vector[i], values[i], products);
        }
        return products;
    }

    private void addFour(float[] vector, int from, float[] sums) {
        float a = vector[from];
        float b = vector[from + 1];
        float c = vector[from + 2];
        float d = vector[from + 3];
        float[] first = values[from];
        float[] second = values[from + 1];
        float[] third = values[from + 2];
        float[] fourth = values[from + 3];
        for (int place = 0; place < sums.length; place++) {
            sums[place] = sums[place] + a * first[place] + b * second[place] + c * third[place] + d * fourth[place];
        }
    }

    private static void addOne(float factor, float[] values, float[] sums) {
        for (int place = 0; place < sums.length; place++) {
            sums[place] += factor * values[place];
        }
    }
}

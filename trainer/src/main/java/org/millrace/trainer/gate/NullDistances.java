package org.millrace.trainer.gate;

import java.util.Arrays;

/**
 * The newest distances between images that are far apart in time, and their lower quantile: how near images that have nothing to do with
 * each other come by chance. Not thread safe.
 */
final class NullDistances {
    static final int MOST = 1024;
    /** Distances without which a quantile is not taken. */
    private static final int LEAST = 200;

    private final float[] ring = new float[MOST];
    private final float[] sorted = new float[MOST];
    private int size;
    private long added;

    void add(float distance) {
        int place = (int) (added++ % MOST);
        if (size == MOST) {
            int at = Arrays.binarySearch(sorted, 0, size, ring[place]);
            System.arraycopy(sorted, at + 1, sorted, at, size - at - 1);
            size--;
        }
        ring[place] = distance;
        int at = Arrays.binarySearch(sorted, 0, size, distance);
        at = at < 0 ? -1 - at : at;
        System.arraycopy(sorted, at, sorted, at + 1, size - at);
        sorted[at] = distance;
        size++;
    }

    /** A distance that such images fall short of with this probability; negative, less than any distance, before there are enough. */
    float quantile(double share) {
        int rank = (int) (share * size);
        return size < LEAST || rank == 0 ? -1 : sorted[rank - 1];
    }

    /** Oldest first. */
    float[] all() {
        float[] all = new float[size];
        for (int i = 0; i < size; i++) {
            all[i] = ring[(int) ((added - size + i) % MOST)];
        }
        return all;
    }
}

package org.millrace.trainer.stream;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** A uniform sample of all images that have come (Vitter 1985, Algorithm R), where those that come lie behind the sample already. */
final class Reservoir {
    private Reservoir() {}

    /**
     * Removes images until the rest is a sample of all. Returns the place of each at its removal.
     *
     * @param items the sample so far, and behind it the images that come now
     * @param size of the sample so far
     * @param before images that had come before
     */
    static List<Integer> shrink(List<ReplayItem> items, int size, long before, int capacity, RandomGenerator random) {
        List<Integer> places = new ArrayList<>();
        int sample = size;
        long seen = before;
        for (int coming = items.size() - size; coming > 0; coming--) {
            seen++;
            if (sample < capacity) {
                sample++;
                continue;
            }
            long slot = random.nextLong(seen);
            int place = slot < sample ? (int) slot : sample; // one of the sample, or the one that comes
            items.remove(place);
            places.add(place);
        }
        return places;
    }
}

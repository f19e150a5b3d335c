package org.millrace.keystore;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;

/**
 * What the dictionary looks like at one moment.
 *
 * @param topic the topic whose images the keys belong to
 * @param capacity keys that the dictionary may have, K
 * @param fill keys that it has
 * @param dimension numbers in a key, C
 * @param oldestStep the step that encoded its oldest key; -1 when it is empty
 * @param newestStep the step that encoded its newest key; -1 when it is empty
 * @param ages how old its keys are, youngest first: at most ten buckets of equal width from age 0; none when it is empty
 * @param storedKeys keys on disk: the dictionary, and older ones that a rollback may need
 * @param newestSequence keys ever appended and not rolled back
 * @param diskBytes size of the store's folder; 0 in memory
 */
public record KeyStatistics(
        String topic,
        int capacity,
        int fill,
        int dimension,
        long oldestStep,
        long newestStep,
        List<AgeBucket> ages,
        long storedKeys,
        long newestSequence,
        long diskBytes) {
    private static final int MOST_BUCKETS = 10;

    public KeyStatistics {
        ages = List.copyOf(ages);
    }

    /** Keys whose age in steps lies in {@code [from, to)}. */
    public record AgeBucket(long from, long to, long keys) {}

    /** The histogram of ages of keys that are counted by their step; ages count from the newest key where that is ahead. */
    static List<AgeBucket> agesAt(long currentStep, SortedMap<Long, Long> keysByStep) {
        if (keysByStep.isEmpty()) {
            return List.of();
        }
        long now = Math.max(currentStep, keysByStep.lastKey());
        long ages = now - keysByStep.firstKey() + 1;
        long width = (ages + MOST_BUCKETS - 1) / MOST_BUCKETS;
        long[] counts = new long[Math.toIntExact((ages + width - 1) / width)];
        keysByStep.forEach((step, keys) -> counts[Math.toIntExact((now - step) / width)] += keys);
        List<AgeBucket> buckets = new ArrayList<>();
        for (int bucket = 0; bucket < counts.length; bucket++) {
            buckets.add(new AgeBucket(bucket * width, (bucket + 1) * width, counts[bucket]));
        }
        return buckets;
    }
}

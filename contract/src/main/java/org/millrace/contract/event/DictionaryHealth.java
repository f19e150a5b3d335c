package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.Arrays;
import java.util.Optional;

/**
 * How old the remembered keys of past images are, and how well they still fit the network: of MoCo's dictionary, or of a memory bank's
 * rows.
 *
 * @param keys in the memory, at least one
 * @param consistency absent where no image of a fitting age was at hand, as after a restart: "not enough"
 */
public record DictionaryHealth(int keys, Ages ages, Optional<Consistency> consistency) {
    public DictionaryHealth {
        check(keys >= 1, "keys must be at least 1, but were %d", keys);
    }

    /** Steps since the keys were encoded. */
    public record Ages(double mean, double median, long oldest) {
        /**
         * Of at least one key.
         *
         * @param steps that encoded the keys, in any order
         */
        public static Ages at(long now, long[] steps) {
            check(steps.length >= 1, "no key has no age");
            long[] sorted = steps.clone();
            Arrays.sort(sorted);
            int middle = sorted.length / 2;
            double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2.0;
            double mean =
                    Arrays.stream(sorted).map(step -> now - step).average().orElseThrow();
            return new Ages(mean, now - median, now - sorted[0]);
        }
    }

    /**
     * Mean cosine of remembered keys and the keys that the network computes from the same views now: 1 where nothing
     * moved. How it is measured: docs/decisions/0019.
     *
     * @param cosine mean over the keys of the cosine of the remembered key and the present one
     * @param keys compared
     * @param age of those keys in steps, near the median of all
     */
    public record Consistency(double cosine, int keys, long age) {}
}

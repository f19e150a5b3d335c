package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.Map;
import java.util.TreeMap;

/**
 * How many images of the stream the gate has seen and skipped since the run began.
 *
 * @param seen of all sources together, images that decode
 * @param skipped of these
 * @param sources counts of each source; of more than some dozens those with the fewest images count together
 */
public record GateCounts(long seen, long skipped, Map<String, Source> sources) {
    public GateCounts {
        check(skipped >= 0 && skipped <= seen, "skipped must be in [0, seen], but was %d of %d seen", skipped, seen);
        sources = new TreeMap<>(sources);
    }

    /**
     * One source.
     *
     * @param seen images that decode
     * @param skipped of these
     */
    public record Source(long seen, long skipped) {
        public Source {
            check(
                    skipped >= 0 && skipped <= seen,
                    "skipped must be in [0, seen], but was %d of %d seen",
                    skipped,
                    seen);
        }

        public Source plus(Source other) {
            return new Source(seen + other.seen, skipped + other.skipped);
        }
    }
}

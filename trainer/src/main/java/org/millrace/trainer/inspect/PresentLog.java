package org.millrace.trainer.inspect;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.kafka.LogIdentity;

/** The image log as it is now: which offsets it holds, which of them are refused images or have no record. Not thread safe. */
public final class PresentLog {
    private final LogIdentity identity;
    private final Map<Integer, NavigableSet<Long>> rejected = new HashMap<>();
    private final Map<Integer, OffsetRange> held = new HashMap<>();
    private final Map<Integer, NavigableSet<Long>> absent = new HashMap<>();

    /**
     * What is at the offsets of a plan.
     *
     * @param offsets covered
     * @param refused of which this is in the topic of rejects
     * @param absent of which there is no record, and no reject
     * @param gone of which the log no longer holds anything
     */
    public record Counts(long offsets, long refused, long absent, long gone) {
        public static final Counts NONE = new Counts(0, 0, 0, 0);

        /** Those that have a record and are not refused. */
        public long images() {
            return offsets - absent - refused;
        }

        /** The same, with so many of the absent ones counted as gone since they were planned. */
        Counts withGone(long since) {
            return new Counts(offsets, refused, absent - since, since);
        }

        public Counts plus(Counts other) {
            return new Counts(
                    offsets + other.offsets, refused + other.refused, absent + other.absent, gone + other.gone);
        }
    }

    public PresentLog(LogIdentity identity) {
        this.identity = identity;
    }

    /** Takes the position of a refused image; of one that was sent again after a restart any number of times. */
    public void addRejected(ImageOffset image) {
        add(rejected, image);
    }

    /** Takes an offset without a record: a compacted one, or a transaction's marker. */
    public void addAbsent(ImageOffset offset) {
        add(absent, offset);
    }

    /** Takes what the log holds of a partition, from its beginning to its end. */
    public void addHeld(OffsetRange range) {
        held.put(range.partition(), range);
    }

    public Optional<OffsetRange> held(int partition) {
        return Optional.ofNullable(held.get(partition));
    }

    /** Whether this log is the one of that identity: a topic that was created again is another. */
    public boolean is(LogIdentity log) {
        return identity.equals(log);
    }

    /**
     * Counts over the ranges of a plan.
     *
     * @param there whether they are of this log; of another one nothing is left
     */
    public Counts counts(List<OffsetRange> ranges, boolean there) {
        Counts sum = Counts.NONE;
        for (OffsetRange range : ranges) {
            OffsetRange log = there
                    ? held(range.partition()).orElse(new OffsetRange(range.partition(), 0, 0))
                    : new OffsetRange(range.partition(), 0, 0);
            long from = Math.max(range.from(), log.from());
            long to = Math.min(range.to(), log.to());
            NavigableSet<Long> refused = there ? within(range, rejected) : new TreeSet<>();
            long empty = within(range, absent).stream()
                    .filter(offset -> !refused.contains(offset)) // its record is gone since
                    .count();
            sum = sum.plus(new Counts(range.length(), refused.size(), empty, range.length() - Math.max(0, to - from)));
        }
        return sum;
    }

    private static void add(Map<Integer, NavigableSet<Long>> offsets, ImageOffset image) {
        offsets.computeIfAbsent(image.partition(), partition -> new TreeSet<>()).add(image.offset());
    }

    private static NavigableSet<Long> within(OffsetRange range, Map<Integer, NavigableSet<Long>> offsets) {
        NavigableSet<Long> ofPartition = offsets.getOrDefault(range.partition(), new TreeSet<>());
        return ofPartition.subSet(range.from(), true, range.to(), false);
    }
}

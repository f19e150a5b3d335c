package org.millrace.trainer.stream;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.millrace.contract.event.OffsetRange;

/**
 * The images of given ranges, and no others, in an order that does not depend on what the broker answers first: the next image is one of
 * the partition of whose ranges the smallest share is taken, so that all partitions end together and every batch has images of each. Not
 * thread safe.
 */
final class DealtImages implements NewImages {
    private final ImageLog log;
    private final Map<Integer, Hand> hands = new TreeMap<>();
    private final List<OffsetRange> covered = new ArrayList<>();

    /**
     * @param log which stands at the first range of each partition
     * @param dealt ascending in each partition
     */
    DealtImages(ImageLog log, List<OffsetRange> dealt) {
        this.log = log;
        for (OffsetRange range : dealt) {
            hands.computeIfAbsent(range.partition(), partition -> new Hand()).add(range);
        }
    }

    /** Where each partition's first range begins. */
    static Map<Integer, Long> starts(List<OffsetRange> dealt) {
        Map<Integer, Long> starts = new TreeMap<>();
        dealt.forEach(range -> starts.putIfAbsent(range.partition(), range.from()));
        return starts;
    }

    @Override
    public Optional<LoggedImage> take() {
        Optional<Hand> next = next();
        while (next.isPresent()) {
            Hand hand = next.get();
            OffsetRange range = hand.ranges.element();
            List<LoggedImage> image = log.take(range, 1);
            if (!image.isEmpty()) {
                hand.moveTo(image.get(0).at().offset() + 1);
                return Optional.of(image.get(0));
            }
            if (!log.hasPassed(range)) {
                return Optional.empty();
            }
            hand.moveTo(range.to());
            finish(hand);
            next = next();
        }
        return Optional.empty();
    }

    @Override
    public boolean isAtEnd() {
        return next().isEmpty();
    }

    @Override
    public List<OffsetRange> ranges() {
        List<OffsetRange> ranges = new ArrayList<>(covered);
        covered.clear();
        hands.values().forEach(hand -> hand.cover(ranges));
        ranges.sort(Comparator.comparingInt(OffsetRange::partition).thenComparingLong(OffsetRange::from));
        return ranges;
    }

    private Optional<Hand> next() {
        return hands.values().stream().filter(hand -> !hand.ranges.isEmpty()).min(Hand.LEAST_TAKEN);
    }

    private void finish(Hand hand) {
        hand.cover(covered);
        hand.ranges.remove();
        if (!hand.ranges.isEmpty()) {
            OffsetRange range = hand.ranges.element();
            hand.from = range.from();
            hand.next = range.from();
            log.moveTo(range.partition(), range.from());
        }
    }

    /** One partition's ranges. */
    private static final class Hand {
        // cross-multiplied, so that no division rounds; equal shares in the order of the partitions
        static final Comparator<Hand> LEAST_TAKEN =
                (one, other) -> Long.compare(one.taken * other.length, other.taken * one.length);

        private final Deque<OffsetRange> ranges = new ArrayDeque<>(); // the first is being taken
        private long from; // of the part of it that no batch has covered
        private long next;
        private long length;
        private long taken;

        void add(OffsetRange range) {
            if (ranges.isEmpty()) {
                from = range.from();
                next = range.from();
            }
            ranges.add(range);
            length += range.length();
        }

        void moveTo(long offset) {
            taken += offset - next;
            next = offset;
        }

        void cover(List<OffsetRange> into) {
            if (next > from) {
                into.add(new OffsetRange(ranges.element().partition(), from, next));
                from = next;
            }
        }
    }
}

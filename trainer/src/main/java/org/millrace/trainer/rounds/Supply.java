package org.millrace.trainer.rounds;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;

/**
 * What of the stream is still to be dealt: a pure function of the deals and merges so far. Every offset is dealt until a slot has trained or
 * rejected it.
 *
 * @param nextOffsets of each partition, behind everything that was ever dealt
 * @param left ranges before these that came back, ascending
 */
record Supply(Map<Integer, Long> nextOffsets, List<OffsetRange> left) {
    private static final Comparator<OffsetRange> ORDER =
            Comparator.comparingInt(OffsetRange::partition).thenComparingLong(OffsetRange::from);
    static final Supply WHOLE = new Supply(Map.of(), List.of()); // needs the order

    Supply {
        nextOffsets = new TreeMap<>(nextOffsets);
        left = left.stream().sorted(ORDER).toList();
    }

    /** The supply after a round. */
    Supply after(RoundDealt deal, RoundMerged merge) {
        Map<Integer, Long> next = new TreeMap<>(nextOffsets);
        List<OffsetRange> dealt = deal.slots().stream().flatMap(List::stream).toList();
        dealt.forEach(range -> next.merge(range.partition(), range.to(), Math::max));
        List<OffsetRange> back = new ArrayList<>(without(left, dealt));
        merge.slots().forEach(slot -> back.addAll(slot.left()));
        return new Supply(next, joined(back));
    }

    /**
     * Offsets that can be dealt.
     *
     * @param begins of the log, where a partition begins that was never dealt
     * @param ends behind the last offset of each partition
     */
    long available(Map<Integer, Long> begins, Map<Integer, Long> ends) {
        return pieces(begins, ends).values().stream()
                .flatMap(List::stream)
                .mapToLong(OffsetRange::length)
                .sum();
    }

    /**
     * Deals offsets of every partition, in proportion to what each has, in contiguous pieces to the slots.
     *
     * @param slots that get images
     * @param each most offsets of a slot
     * @return of each slot its ranges, ascending
     */
    List<List<OffsetRange>> deal(int slots, long each, Map<Integer, Long> begins, Map<Integer, Long> ends) {
        Map<Integer, List<OffsetRange>> pieces = pieces(begins, ends);
        long available = pieces.values().stream()
                .flatMap(List::stream)
                .mapToLong(OffsetRange::length)
                .sum();
        long wanted = Math.min(available, Math.multiplyExact(each, slots));
        List<List<OffsetRange>> hands = new ArrayList<>();
        for (int slot = 0; slot < slots; slot++) {
            hands.add(new ArrayList<>());
        }
        long before = 0; // offsets of the partitions so far
        long dealt = 0;
        for (List<OffsetRange> partition : pieces.values()) {
            before += partition.stream().mapToLong(OffsetRange::length).sum();
            long upTo = share(before, wanted, available); // rounding does not add up
            cut(partition, upTo - dealt, hands);
            dealt = upTo;
        }
        return hands;
    }

    private static long share(long part, long wanted, long available) {
        return available == 0 ? 0 : Math.floorDiv(Math.multiplyExact(part, wanted), available);
    }

    // so many offsets of the beginning, the same number to each slot or one more
    private static void cut(List<OffsetRange> pieces, long count, List<List<OffsetRange>> hands) {
        long dealt = 0;
        int piece = 0;
        long from = pieces.isEmpty() ? 0 : pieces.get(0).from();
        for (int slot = 0; slot < hands.size(); slot++) {
            long upTo = Math.floorDiv(count * (slot + 1), hands.size());
            while (dealt < upTo) {
                OffsetRange whole = pieces.get(piece);
                long to = Math.min(whole.to(), from + upTo - dealt);
                hands.get(slot).add(new OffsetRange(whole.partition(), from, to));
                dealt += to - from;
                from = to;
                if (to == whole.to()) {
                    piece++;
                    from = piece < pieces.size() ? pieces.get(piece).from() : 0;
                }
            }
        }
    }

    // of each partition what is to be dealt, ascending
    private Map<Integer, List<OffsetRange>> pieces(Map<Integer, Long> begins, Map<Integer, Long> ends) {
        Map<Integer, List<OffsetRange>> pieces = new TreeMap<>();
        left.forEach(range -> pieces.computeIfAbsent(range.partition(), partition -> new ArrayList<>())
                .add(range));
        new TreeMap<>(ends).forEach((partition, end) -> {
            long from = nextOffsets.getOrDefault(partition, begins.getOrDefault(partition, 0L));
            if (end > from) {
                pieces.computeIfAbsent(partition, any -> new ArrayList<>()).add(new OffsetRange(partition, from, end));
            }
        });
        return pieces;
    }

    /** What of some ranges is not in others. */
    static List<OffsetRange> without(List<OffsetRange> whole, List<OffsetRange> taken) {
        return joined(
                whole.stream().flatMap(range -> without(range, taken).stream()).toList());
    }

    private static boolean overlap(OffsetRange one, OffsetRange other) {
        return one.partition() == other.partition() && one.from() < other.to() && other.from() < one.to();
    }

    private static List<OffsetRange> without(OffsetRange piece, List<OffsetRange> dealt) {
        List<OffsetRange> rest = new ArrayList<>();
        long from = piece.from();
        List<OffsetRange> cuts = dealt.stream()
                .filter(range -> overlap(range, piece))
                .sorted(ORDER)
                .toList();
        for (OffsetRange cut : cuts) {
            if (cut.from() > from) {
                rest.add(new OffsetRange(piece.partition(), from, cut.from()));
            }
            from = Math.max(from, cut.to());
        }
        if (from < piece.to()) {
            rest.add(new OffsetRange(piece.partition(), from, piece.to()));
        }
        return rest;
    }

    private static List<OffsetRange> joined(List<OffsetRange> ranges) {
        List<OffsetRange> joined = new ArrayList<>();
        Map<Integer, Integer> last = new HashMap<>(); // by partition, where its last stands
        for (OffsetRange range : ranges.stream().sorted(ORDER).toList()) {
            Integer at = last.get(range.partition());
            if (at != null && joined.get(at).to() == range.from()) {
                joined.set(at, new OffsetRange(range.partition(), joined.get(at).from(), range.to()));
            } else {
                last.put(range.partition(), joined.size());
                joined.add(range);
            }
        }
        return joined;
    }
}

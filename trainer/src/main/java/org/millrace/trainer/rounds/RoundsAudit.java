package org.millrace.trainer.rounds;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.StepDone;
import org.millrace.trainer.inspect.Audit;
import org.millrace.trainer.inspect.PresentLog;

/** The audit of a run of several trainers: every offset that was ever dealt is used by one slot of one round, or still to be dealt again. */
public final class RoundsAudit implements Audit {
    private final SortedMap<Long, RoundDealt> deals = new TreeMap<>();
    private final SortedMap<Long, RoundMerged> merges = new TreeMap<>();
    private final Set<Long> steps = new HashSet<>();
    private final List<String> problems = new ArrayList<>();
    private final PresentLog log;

    public RoundsAudit(PresentLog log) {
        this.log = log;
    }

    @Override
    public void add(JournalEvent event) {
        if (event instanceof RoundDealt deal) {
            if (deals.putIfAbsent(deal.round(), deal) != null) {
                problems.add("round " + deal.round() + " is dealt twice; the first deal counts");
            }
        } else if (event instanceof RoundMerged merge) {
            if (merges.putIfAbsent(merge.round(), merge) != null) {
                problems.add("round " + merge.round() + " is merged twice; the first merge counts");
            }
        } else if (event instanceof StepDone done) {
            steps.add(done.step());
        }
    }

    @Override
    public List<OffsetRange> unexplained() {
        return used().stream()
                .filter(used -> {
                    PresentLog.Counts counts = counts(used);
                    return counts.gone() == 0 && counts.images() != used.slot().images();
                })
                .flatMap(used -> used.ranges().stream())
                .toList();
    }

    @Override
    public Result result() {
        List<String> found = new ArrayList<>(problems);
        long next = 0;
        for (long round : deals.keySet()) {
            if (round != next) {
                found.add("round " + next + " is in no deal, round " + round + " is");
            }
            next = round + 1;
        }
        merges.keySet().stream()
                .filter(round -> !deals.containsKey(round))
                .forEach(round -> found.add("round " + round + " is merged, but was never dealt"));
        PresentLog.Counts sum = PresentLog.Counts.NONE;
        List<Used> all = used();
        for (Used used : all) {
            PresentLog.Counts counts = counts(used);
            sum = sum.plus(counts);
            long surplus = counts.images() - used.slot().images();
            if (isPresentLog() && counts.gone() == 0 && surplus != 0) {
                found.add(used.words() + " trained " + used.slot().images() + " images, but its offsets hold "
                        + counts.images() + " that are not in the topic of rejects: " + Math.abs(surplus)
                        + (surplus > 0 ? " lost" : " too many"));
            }
        }
        cover(all, found);
        List<RoundDealt> waiting = deals.values().stream()
                .filter(deal -> !merges.containsKey(deal.round()))
                .toList();
        return new Result(
                steps.size(),
                0,
                sum.offsets(),
                all.stream().mapToLong(used -> used.slot().images()).sum(),
                waiting.stream().mapToLong(RoundDealt::length).sum(),
                0,
                sum.refused(),
                sum.absent(),
                sum.gone(),
                0,
                List.of(),
                List.of(),
                found);
    }

    /** What a slot of a merged round used of its ranges. */
    private record Used(long round, RoundMerged.Slot slot, List<OffsetRange> ranges) {
        String words() {
            return "slot " + slot.slot() + " of round " + round;
        }
    }

    private List<Used> used() {
        List<Used> used = new ArrayList<>();
        merges.forEach((round, merge) -> {
            RoundDealt deal = deals.get(round);
            for (RoundMerged.Slot slot : merge.slots()) {
                if (deal != null && slot.slot() < deal.slots().size()) {
                    used.add(new Used(round, slot, Supply.without(deal.slots().get(slot.slot()), slot.left())));
                }
            }
        });
        return used;
    }

    private boolean isPresentLog() {
        return deals.values().stream().allMatch(deal -> log.is(deal.log()));
    }

    private PresentLog.Counts counts(Used used) {
        return log.counts(used.ranges(), isPresentLog());
    }

    // used ranges must not overlap; what lies between them must be on its way
    private void cover(List<Used> all, List<String> found) {
        record Piece(Used used, OffsetRange range) {}
        SortedMap<Integer, List<Piece>> pieces = new TreeMap<>();
        for (Used used : all) {
            used.ranges()
                    .forEach(range -> pieces.computeIfAbsent(range.partition(), partition -> new ArrayList<>())
                            .add(new Piece(used, range)));
        }
        List<OffsetRange> onTheWay = onTheWay();
        pieces.forEach((partition, ranges) -> {
            ranges.sort(Comparator.comparingLong((Piece piece) -> piece.range().from()));
            long begin = log.held(partition).map(OffsetRange::from).orElse(0L);
            long end = Math.min(begin, ranges.get(0).range().from());
            for (Piece piece : ranges) {
                OffsetRange range = piece.range();
                if (range.from() < end) {
                    found.add("partition " + partition + ": the offsets " + range.from() + " to "
                            + (Math.min(end, range.to()) - 1) + " of "
                            + piece.used().words()
                            + " were used before: trained twice");
                } else if (range.from() > end) {
                    Supply.without(List.of(new OffsetRange(partition, end, range.from())), onTheWay)
                            .forEach(gap -> found.add("partition " + partition + ": the offsets " + gap.from() + " to "
                                    + (gap.to() - 1) + " were used by no slot: lost"));
                }
                end = Math.max(end, range.to());
            }
        });
    }

    // dealt and not merged, or come back from a slot
    private List<OffsetRange> onTheWay() {
        Supply supply = Supply.WHOLE;
        for (RoundMerged merge : merges.values()) {
            RoundDealt deal = deals.get(merge.round());
            supply = deal == null ? supply : supply.after(deal, merge);
        }
        Stream<OffsetRange> dealt = deals.values().stream()
                .filter(deal -> !merges.containsKey(deal.round()))
                .flatMap(deal -> deal.slots().stream().flatMap(List::stream));
        return Stream.concat(supply.left().stream(), dealt).toList();
    }
}

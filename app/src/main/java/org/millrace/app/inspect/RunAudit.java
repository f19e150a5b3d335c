package org.millrace.app.inspect;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepPlan;

/**
 * Whether a run trained every image of its stream exactly once, or refused it with a reason. Goes in: the journal's events, the positions
 * of refused images, and the offsets that the image log holds. Comes out: what is wrong, in words. Not thread safe.
 */
public final class RunAudit {
    private final Map<Long, StepPlan> plans = new TreeMap<>();
    private final Set<Long> done = new HashSet<>();
    private final List<String> problems = new ArrayList<>();
    private final Map<Integer, NavigableSet<Long>> rejected = new HashMap<>();
    private final Map<Integer, OffsetRange> held = new HashMap<>();
    private final Map<Integer, NavigableSet<Long>> absent = new HashMap<>();

    /** Takes an event of the journal, in order. */
    public void add(JournalEvent event) {
        if (event instanceof StepPlan plan) {
            if (plans.put(plan.step(), plan) != null) {
                problems.add("step " + plan.step() + " is planned twice");
            }
        } else if (event instanceof StepDone result) {
            done.add(result.step());
        }
    }

    /** Takes the position of a refused image; of one that was sent again after a restart any number of times. */
    public void addRejected(ImageOffset image) {
        add(rejected, image);
    }

    /** Takes what the image log holds of a partition now, from its beginning to its end. */
    public void addLog(OffsetRange range) {
        held.put(range.partition(), range);
    }

    /** Takes an offset of the log without a record: a compacted one, or a transaction's marker. */
    public void addAbsent(ImageOffset offset) {
        add(absent, offset);
    }

    /** The ranges in which more offsets than images and refused ones are: whether the others have a record, the log must tell. */
    public List<OffsetRange> unexplained() {
        return plans.values().stream()
                .filter(plan -> {
                    Counts counts = counts(plan);
                    return counts.gone == 0 && counts.offsets - counts.absent - counts.refused != plan.images();
                })
                .flatMap(plan -> plan.ranges().stream())
                .toList();
    }

    /**
     * What the audit found.
     *
     * @param steps planned
     * @param waiting planned and not yet computed
     * @param offsets covered by plans
     * @param trained images, each once
     * @param refused images of the covered offsets
     * @param absent covered offsets without an image
     * @param gone covered offsets that the log no longer holds, of which only the plan can speak
     * @param problems in words; empty where every offset was trained exactly once or refused
     */
    public record Result(
            long steps,
            long waiting,
            long offsets,
            long trained,
            long refused,
            long absent,
            long gone,
            List<String> problems) {
        public Result {
            problems = List.copyOf(problems);
        }
    }

    public Result result() {
        List<String> found = new ArrayList<>(problems);
        Map<Integer, List<Planned>> byPartition = new TreeMap<>();
        long before = 0;
        for (StepPlan plan : plans.values()) {
            if (before > 0 && plan.step() != before + 1) {
                found.add("no plan of the steps " + (before + 1) + " to " + (plan.step() - 1));
            }
            before = plan.step();
            plan.ranges()
                    .forEach(range -> byPartition
                            .computeIfAbsent(range.partition(), partition -> new ArrayList<>())
                            .add(new Planned(plan.step(), range)));
        }
        byPartition.values().forEach(ranges -> order(ranges, found));
        if (plans.containsKey(1L)) { // a branch begins where its trunk stands
            byPartition.forEach((partition, ranges) -> beginning(ranges.get(0), found));
        }
        Counts sum = Counts.NONE;
        for (StepPlan plan : plans.values()) {
            Counts counts = counts(plan);
            sum = sum.plus(counts);
            long images = counts.offsets - counts.absent - counts.refused;
            if (counts.gone == 0 && images != plan.images()) {
                found.add(
                        "step " + plan.step() + " trained " + plan.images() + " images, but its offsets hold " + images
                                + " that are not in the topic of rejects: " + Math.abs(images - plan.images())
                                + (images > plan.images() ? " lost" : " too many"));
            }
        }
        long waiting =
                plans.keySet().stream().filter(step -> !done.contains(step)).count();
        long trained = plans.values().stream().mapToLong(StepPlan::images).sum();
        return new Result(plans.size(), waiting, sum.offsets, trained, sum.refused, sum.absent, sum.gone, found);
    }

    private record Planned(long step, OffsetRange range) {}

    private record Counts(long offsets, long refused, long absent, long gone) {
        private static final Counts NONE = new Counts(0, 0, 0, 0);

        Counts plus(Counts other) {
            return new Counts(
                    offsets + other.offsets, refused + other.refused, absent + other.absent, gone + other.gone);
        }
    }

    // a run takes the log from its beginning
    private void beginning(Planned first, List<String> found) {
        int partition = first.range().partition();
        OffsetRange log = held.get(partition);
        if (log != null && log.from() < first.range().from()) {
            found.add("partition " + partition + ": the offsets " + log.from() + " to "
                    + (first.range().from() - 1) + " before step " + first.step() + " are in no plan: lost");
        }
    }

    // each range begins where the one before it in the log ended
    private static void order(List<Planned> ranges, List<String> found) {
        ranges.sort(
                Comparator.comparingLong((Planned planned) -> planned.range().from())
                        .thenComparingLong(planned -> planned.range().to()));
        Planned last = ranges.get(0);
        for (Planned next : ranges.subList(1, ranges.size())) {
            int partition = next.range().partition();
            long end = last.range().to();
            if (next.range().from() > end) {
                found.add("partition " + partition + ": the offsets " + end + " to "
                        + (next.range().from() - 1) + " between step " + last.step() + " and step " + next.step()
                        + " are in no plan: lost");
            } else if (next.range().from() < end) {
                found.add("partition " + partition + ": the offsets "
                        + next.range().from() + " to "
                        + (Math.min(end, next.range().to()) - 1) + " are in the plans of step " + last.step()
                        + " and of step " + next.step() + ": trained twice");
            }
            last = next.range().to() > end ? next : last;
        }
    }

    private Counts counts(StepPlan plan) {
        long offsets = 0;
        long refused = 0;
        long empty = 0;
        long gone = 0;
        for (OffsetRange range : plan.ranges()) {
            OffsetRange log = held.getOrDefault(range.partition(), new OffsetRange(range.partition(), 0, 0));
            long from = Math.max(range.from(), log.from());
            long to = Math.min(range.to(), log.to());
            offsets += range.length();
            gone += range.length() - Math.max(0, to - from);
            refused += within(range, rejected);
            empty += within(range, absent);
        }
        return new Counts(offsets, refused, empty, gone);
    }

    private static void add(Map<Integer, NavigableSet<Long>> offsets, ImageOffset image) {
        offsets.computeIfAbsent(image.partition(), partition -> new TreeSet<>()).add(image.offset());
    }

    private static long within(OffsetRange range, Map<Integer, NavigableSet<Long>> offsets) {
        NavigableSet<Long> ofPartition = offsets.get(range.partition());
        return ofPartition == null
                ? 0
                : ofPartition.subSet(range.from(), true, range.to(), false).size();
    }
}

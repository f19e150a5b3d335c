package org.millrace.trainer.inspect;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.contract.kafka.LogIdentity;

/**
 * Whether a run of one trainer trained every image of its stream exactly once, skipped it by its gate, or refused it with a reason.
 */
public final class RunAudit implements Audit {
    private final Map<Long, StepPlan> plans = new TreeMap<>();
    private final Set<Long> done = new HashSet<>();
    private final List<String> problems = new ArrayList<>();
    private final Recomputation recomputation = new Recomputation();
    private final PresentLog log;
    private final NavigableMap<Long, StreamSkipped> skips =
            new TreeMap<>(); // by the step after which the stream goes on elsewhere
    private Optional<LogIdentity> first = Optional.empty();

    public RunAudit(PresentLog log) {
        this.log = log;
    }

    @Override
    public void add(JournalEvent event) {
        recomputation.add(event);
        if (event instanceof StepPlan plan) {
            if (plans.put(plan.step(), plan) != null) {
                problems.add("step " + plan.step() + " is planned twice");
            }
        } else if (event instanceof StepDone result) {
            done.add(result.step());
        } else if (event instanceof RunStarted start) {
            first = first.or(() -> Optional.of(start.log()));
        } else if (event instanceof StreamSkipped skip) {
            plans.keySet().removeIf(step -> step > skip.step());
            done.removeIf(step -> step > skip.step());
            skips.keySet().removeIf(step -> step > skip.step());
            skips.put(skip.step(), skip);
        }
    }

    @Override
    public List<OffsetRange> unexplained() {
        return plans.values().stream()
                .filter(plan -> {
                    PresentLog.Counts counts = counts(plan);
                    return counts.gone() == 0 && counts.images() != usable(plan);
                })
                .flatMap(plan -> plan.ranges().stream())
                .toList();
    }

    @Override
    public Result result() {
        List<String> found = new ArrayList<>(problems);
        found.addAll(recomputation.problems());
        Map<Place, List<Planned>> byPlace = new TreeMap<>(); // of each partition between two skips
        long before = 0;
        for (StepPlan plan : plans.values()) {
            if (before > 0 && plan.step() != before + 1) {
                found.add("no plan of the steps " + (before + 1) + " to " + (plan.step() - 1));
            }
            before = plan.step();
            plan.ranges()
                    .forEach(range -> byPlace.computeIfAbsent(
                                    new Place(sectionOf(plan.step()), range.partition()), place -> new ArrayList<>())
                            .add(new Planned(plan.step(), range)));
        }
        byPlace.values().forEach(ranges -> order(ranges, found));
        long skipped = 0;
        for (Map.Entry<Place, List<Planned>> entry : byPlace.entrySet()) {
            Place place = entry.getKey();
            Planned first = entry.getValue().get(0);
            if (place.section() > 0) {
                skipped += afterSkip(place, first, byPlace, found);
            } else if (plans.containsKey(1L)) { // a branch begins where its trunk stands
                beginning(first, found);
            }
        }
        PresentLog.Counts sum = PresentLog.Counts.NONE;
        boolean oneLog = oneLog();
        for (StepPlan plan : plans.values()) {
            PresentLog.Counts counts = counts(plan);
            boolean countable = oneLog && counts.gone() == 0;
            long surplus = counts.images() - usable(plan);
            if (countable && surplus < 0) { // records that were there when it was planned
                counts = counts.withGone(Math.min(-surplus, counts.absent()));
                surplus += counts.gone();
            }
            sum = sum.plus(counts);
            if (countable && surplus != 0) {
                found.add("step " + plan.step() + (done.contains(plan.step()) ? " trained " : " planned ")
                        + plan.images() + " images"
                        + (plan.skipped() > 0 ? " and skipped " + plan.skipped() : "")
                        + ", but its offsets hold " + (usable(plan) + surplus)
                        + " that are not in the topic of rejects: " + Math.abs(surplus)
                        + (surplus > 0 ? " lost" : " too many"));
            }
        }
        long waiting = 0;
        long trained = 0;
        long planned = 0;
        long gated = 0;
        for (StepPlan plan : plans.values()) {
            boolean computed = done.contains(plan.step());
            waiting += computed ? 0 : 1;
            trained += computed ? plan.images() : 0;
            planned += computed ? 0 : plan.images();
            gated += plan.skipped();
        }
        List<String> words = skips.values().stream()
                .map(skip -> "after step " + skip.step() + ": " + skip.reason())
                .toList();
        return new Result(
                plans.size(),
                waiting,
                sum.offsets(),
                trained,
                planned,
                gated,
                sum.refused(),
                sum.absent(),
                sum.gone(),
                skipped,
                words,
                recomputation.notes(),
                found);
    }

    /** A partition between two skips; sections count from 0. */
    private record Place(int section, int partition) implements Comparable<Place> {
        @Override
        public int compareTo(Place other) {
            return section == other.section
                    ? Integer.compare(partition, other.partition)
                    : Integer.compare(section, other.section);
        }
    }

    // how many skips lie before a step
    private int sectionOf(long step) {
        return skips.headMap(step, false).size();
    }

    private StreamSkipped skipBefore(int section) {
        return List.copyOf(skips.values()).get(section - 1);
    }

    // what lies between a partition's plans before a skip and those after it; those must begin where the skip says
    private long afterSkip(Place place, Planned first, Map<Place, List<Planned>> byPlace, List<String> found) {
        StreamSkipped skip = skipBefore(place.section());
        long goesOnAt =
                skip.nextOffsets().getOrDefault(place.partition(), first.range().from());
        if (first.range().from() != goesOnAt) {
            found.add("partition " + place.partition() + ": step " + first.step() + " begins at offset "
                    + first.range().from() + " where the skip after step " + skip.step() + " goes on at " + goesOnAt);
        }
        List<Planned> former = byPlace.getOrDefault(new Place(place.section() - 1, place.partition()), List.of());
        return former.stream().mapToLong(planned -> planned.range().to()).max().stream()
                .map(end -> Math.max(0, goesOnAt - end))
                .sum();
    }

    // whether a step's offsets belong to the log that is there now
    private boolean inPresentLog(long step) {
        int section = sectionOf(step);
        Optional<LogIdentity> planned =
                section == 0 ? first : Optional.of(skipBefore(section).log());
        return planned.isEmpty() || log.is(planned.get());
    }

    // positions of refused images name no log: where the topic was recreated they may be another's
    private boolean oneLog() {
        return plans.keySet().stream().allMatch(this::inPresentLog);
    }

    private record Planned(long step, OffsetRange range) {}

    // a run takes the log from its beginning
    private void beginning(Planned first, List<String> found) {
        int partition = first.range().partition();
        Optional<OffsetRange> held = log.held(partition);
        if (held.isPresent() && held.get().from() < first.range().from()) {
            found.add("partition " + partition + ": the offsets " + held.get().from() + " to "
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

    // images that could be decoded
    private static int usable(StepPlan plan) {
        return plan.images() + plan.skipped();
    }

    private PresentLog.Counts counts(StepPlan plan) {
        return log.counts(plan.ranges(), inPresentLog(plan.step()));
    }
}

package org.millrace.trainer.inspect;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.event.StreamSkipped;

/**
 * A run as its journal tells it: the events in order go in, what they amount to comes out. Offsets are contiguous when each plan of a
 * partition begins where the one before ended. Not thread safe.
 */
public final class RunHistory {
    private final Map<Integer, OffsetRange> covered = new TreeMap<>();
    private final List<String> gaps = new ArrayList<>();
    private final List<String> skips = new ArrayList<>();
    private final Map<Long, Boolean> doneSteps = new HashMap<>();
    private final Recomputation recomputation = new Recomputation();
    private long plans;
    private long rounds;
    private long firstPlanned;
    private long lastPlanned;
    private @Nullable StepDone last;
    private @Nullable StepDone lastMeasured;

    public void add(JournalEvent event) {
        recomputation.add(event);
        if (event instanceof StepPlan plan) {
            addPlan(plan);
        } else if (event instanceof StepDone done) {
            doneSteps.put(done.step(), true);
            last = done;
            lastMeasured = done.health().isPresent() ? done : lastMeasured;
        } else if (event instanceof StreamSkipped skip) {
            addSkip(skip);
        } else if (event instanceof RoundDealt deal) {
            deal.slots()
                    .forEach(ranges ->
                            ranges.forEach(range -> covered.merge(range.partition(), range, RunHistory::hull)));
        } else if (event instanceof RoundMerged) {
            rounds++;
        }
    }

    private static OffsetRange hull(OffsetRange one, OffsetRange other) {
        return new OffsetRange(one.partition(), Math.min(one.from(), other.from()), Math.max(one.to(), other.to()));
    }

    /** Merged rounds of a run of several trainers; 0 for one trainer. */
    public long rounds() {
        return rounds;
    }

    /** Where the run's owner let it go on without images that were gone, in words. */
    public List<String> skips() {
        return List.copyOf(skips);
    }

    /** Steps that had other results after settings were changed, in words. */
    public List<String> recomputed() {
        return recomputation.notes();
    }

    /** Results and starts that do not belong to one run, in words. */
    public List<String> mixed() {
        return recomputation.problems();
    }

    /** Offsets that the run's plans cover in each partition. */
    public Map<Integer, OffsetRange> covered() {
        return new TreeMap<>(covered);
    }

    /** Where plans skip or repeat, in words; empty when everything is contiguous. */
    public List<String> gaps() {
        return List.copyOf(gaps);
    }

    public long plans() {
        return plans;
    }

    /** The first step of the journal: 1, or for a branch the one behind its trunk's; 0 without a plan. */
    public long firstStep() {
        return firstPlanned;
    }

    /** Steps that were computed, each counted once. */
    public int stepsDone() {
        return doneSteps.size();
    }

    public Optional<StepDone> last() {
        return Optional.ofNullable(last);
    }

    /** The last step after which health was measured. */
    public Optional<StepDone> lastMeasured() {
        return Optional.ofNullable(lastMeasured);
    }

    // plans behind it are void, and the next ones begin elsewhere
    private void addSkip(StreamSkipped skip) {
        skips.add("after step " + skip.step() + ": " + skip.reason());
        plans -= Math.max(0, lastPlanned - skip.step());
        lastPlanned = skip.step();
        doneSteps.keySet().removeIf(step -> step > skip.step());
        skip.nextOffsets().forEach((partition, offset) -> {
            OffsetRange before = covered.get(partition);
            long from = before == null || before.from() > offset ? offset : before.from();
            covered.put(partition, new OffsetRange(partition, from, offset));
        });
    }

    private void addPlan(StepPlan plan) {
        if (plans == 0) {
            firstPlanned = plan.step();
        } else if (plan.step() != lastPlanned + 1) {
            gaps.add("the plan of step " + plan.step() + " follows that of step " + lastPlanned);
        }
        lastPlanned = plan.step();
        plans++;
        for (OffsetRange range : plan.ranges()) {
            OffsetRange before = covered.get(range.partition());
            if (before != null && before.to() != range.from()) {
                gaps.add("partition " + range.partition() + ": step " + plan.step() + " begins at offset "
                        + range.from() + " where " + before.to() + " was next");
            }
            long from = before == null ? range.from() : before.from();
            covered.put(range.partition(), new OffsetRange(range.partition(), from, range.to()));
        }
    }
}

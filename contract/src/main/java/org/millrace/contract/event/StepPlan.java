package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import java.util.List;
import java.util.Optional;

/**
 * What step {@code step} trains on, durable before anything derived from the step leaves the process. Its batch is a pure
 * function of this record, the run's configuration and seed, the image log, and the plans before it.
 *
 * @param schema version of this record
 * @param step from 1, without gaps
 * @param ranges the fresh images of the step, in batch order; empty for a step that draws its whole batch from the replay buffer
 * @param images of the ranges that are trained on: the fresh part of the batch
 * @param skipped images of the ranges that decode and that the gate left out; 0 in records of older writers. All others are rejected
 * @param signals what the step takes from other topics; absent where it takes nothing, and in records of older writers
 */
public record StepPlan(
        int schema,
        long step,
        List<OffsetRange> ranges,
        int images,
        @JsonInclude(Include.NON_DEFAULT) int skipped,
        @JsonInclude(Include.NON_ABSENT) Optional<Signals> signals)
        implements JournalEvent {
    public StepPlan {
        check(step >= 1, "step must be at least 1, but was %d", step);
        check(images >= 0, "images must not be negative, but was %d", images);
        check(skipped >= 0, "skipped must not be negative, but was %d", skipped);
        ranges = List.copyOf(ranges);
    }

    public StepPlan(long step, List<OffsetRange> ranges, int images, int skipped) {
        this(SCHEMA, step, ranges, images, skipped, Optional.empty());
    }

    /** A plan that skips nothing. */
    public StepPlan(long step, List<OffsetRange> ranges, int images) {
        this(step, ranges, images, 0);
    }

    /** The same plan with these signals. */
    public StepPlan with(Optional<Signals> other) {
        return new StepPlan(schema, step, ranges, images, skipped, other);
    }

    /** Whether the step brings images that the run has not seen. */
    public boolean fresh() {
        return !ranges.isEmpty();
    }
}

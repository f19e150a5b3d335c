package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.List;

/**
 * What step {@code step} trains on, durable before anything derived from the step leaves the process. Its batch is a pure
 * function of this record, the run's configuration and seed, the image log, and the plans before it.
 *
 * @param schema version of this record
 * @param step from 1, without gaps
 * @param ranges the fresh images of the step, in batch order; empty for a step that draws its whole batch from the replay buffer
 * @param images how many of the images in the ranges could be decoded: the fresh part of the batch
 */
public record StepPlan(int schema, long step, List<OffsetRange> ranges, int images) implements JournalEvent {
    public StepPlan {
        check(step >= 1, "step must be at least 1, but was %d", step);
        check(images >= 0, "images must not be negative, but was %d", images);
        ranges = List.copyOf(ranges);
    }

    public StepPlan(long step, List<OffsetRange> ranges, int images) {
        this(SCHEMA, step, ranges, images);
    }

    /** Whether the step brings images that the run has not seen. */
    public boolean fresh() {
        return !ranges.isEmpty();
    }
}

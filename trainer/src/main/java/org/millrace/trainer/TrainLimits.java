package org.millrace.trainer;

import java.util.OptionalLong;

/**
 * When a trainer stops by itself.
 *
 * @param lastStep the step after which to stop
 * @param untilEnd whether to stop when what lies in the log at the start has been trained, instead of waiting for more
 */
public record TrainLimits(OptionalLong lastStep, boolean untilEnd) {
    public static final TrainLimits NONE = new TrainLimits(OptionalLong.empty(), false);

    /** Whether that was the last step. */
    public boolean reached(long step) {
        return lastStep.isPresent() && step >= lastStep.getAsLong();
    }
}

package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * What step {@code step} did. A step that is computed again after a restart is reported again, with the same numbers but its own
 * times and what consistency it could measure: readers keep the last record of a step.
 *
 * @param imagesTrained images of the stream trained so far, each counted once
 * @param imagesRejected images of the stream refused so far because their pixels could not be decoded
 * @param gate what the gate left out so far; absent without one and in records of older writers
 * @param images what the plan does not say of the step's images: with a gate, or with second views from other frames
 * @param loss mean over the batch, natural logarithm
 * @param accuracy share of the batch whose positive scores above every negative, in [0, 1]; NaN where the objective has none
 * @param guard ½ Σ (1 − cos) over the views, mean over the batch: how far the features are from predicting the guard's teacher's; absent
 *     without a guard and in records of older writers
 * @param learningRate the rate of this step
 * @param momentum of the momentum encoder (BYOL: target network) in this step; absent without one and in records of older writers
 * @param freshShare share of the batch meant for new and short-term images, in [0, 1]; only with {@code replay.policy=two-tier}
 * @param keySequence keys appended to the dictionary so far
 * @param keysFilled keys that the dictionary holds now
 * @param spread of the batch's projections, as {@link Health#spread}: near 0 is collapsed; absent in records of older writers
 * @param collapsedSteps steps in a row, up to this one and since the trainer started, whose spread was that of a collapsed encoder; absent in
 *     records of older writers
 * @param health after every {@code trainer.health-every-steps}-th step; absent in records of older writers
 * @param stageMillis wall time of each stage of the step by name
 * @param digest of the run's state after the step, of every {@code trainer.digest-every-steps}-th step: equal digests mean equal bits
 * @param finishedAtMillis Unix time
 */
public record StepDone(
        int schema,
        long step,
        long imagesTrained,
        long imagesRejected,
        Optional<GateCounts> gate,
        Optional<StepImages> images,
        double loss,
        double accuracy,
        @JsonInclude(Include.NON_ABSENT) OptionalDouble guard,
        double learningRate,
        OptionalDouble momentum,
        OptionalDouble freshShare,
        long keySequence,
        long keysFilled,
        OptionalDouble spread,
        OptionalInt collapsedSteps,
        Optional<StepHealth> health,
        Map<String, Double> stageMillis,
        Optional<String> digest,
        long finishedAtMillis)
        implements JournalEvent {
    /** Collapsed steps in a row after which the run counts as collapsed: one batch may happen to hold one image many times. */
    public static final int COLLAPSED_STEPS = 20;

    public StepDone {
        check(
                step >= 0 && imagesTrained >= 0 && imagesRejected >= 0 && keySequence >= 0 && keysFilled >= 0,
                "counts must not be negative, but step %d has %d images, %d rejected, %d keys and %d of them filled",
                step,
                imagesTrained,
                imagesRejected,
                keySequence,
                keysFilled);
        check(
                !(freshShare.orElse(0) < 0 || freshShare.orElse(0) > 1),
                "freshShare must be in [0, 1], but was %s",
                freshShare);
        check(!(accuracy < 0 || accuracy > 1), "accuracy must be in [0, 1] or NaN, but was %s", accuracy);
        check(!(learningRate < 0), "learningRate must not be negative, but was %s", learningRate);
        check(!(spread.orElse(0) < 0), "spread must not be negative, but was %s", spread);
        stageMillis = Map.copyOf(stageMillis);
    }

    /** The same step of a run that had trained and refused so many images before those that it counts. */
    public StepDone after(long trainedBefore, long rejectedBefore) {
        return new StepDone(
                schema,
                step,
                trainedBefore + imagesTrained,
                rejectedBefore + imagesRejected,
                gate,
                images,
                loss,
                accuracy,
                guard,
                learningRate,
                momentum,
                freshShare,
                keySequence,
                keysFilled,
                spread,
                collapsedSteps,
                health,
                stageMillis,
                digest,
                finishedAtMillis);
    }

    /** Whether the run has collapsed. */
    public boolean collapsed() {
        return collapsedSteps.orElse(0) >= COLLAPSED_STEPS;
    }
}

package org.millrace.server.dashboard;

import java.util.OptionalDouble;
import org.millrace.contract.event.StepDone;

/**
 * Consecutive steps as one point of a curve: means of measures, the last value of counters.
 *
 * @param steps how many
 * @param step the last of them
 * @param images trained up to and including it
 * @param timeMillis Unix time of its end
 * @param freshShare share of a batch meant for new and short-term images; absent where the replay buffer has no tiers
 * @param loss absent where it was not finite
 * @param guard distance of the features from predicting the guard's teacher's; absent without a guard
 */
record StepPoint(
        long steps,
        long step,
        long images,
        long timeMillis,
        OptionalDouble freshShare,
        OptionalDouble loss,
        OptionalDouble accuracy,
        OptionalDouble guard,
        OptionalDouble learningRate,
        OptionalDouble momentum,
        OptionalDouble spread) {
    static StepPoint of(StepDone done) {
        return new StepPoint(
                1,
                done.step(),
                done.imagesTrained(),
                done.finishedAtMillis(),
                done.freshShare(),
                finite(done.loss()),
                finite(done.accuracy()),
                done.guard(),
                finite(done.learningRate()),
                done.momentum(),
                done.spread());
    }

    /** This point merged with the next one. */
    StepPoint with(StepPoint next) {
        WeightedMean mean = new WeightedMean(steps, next.steps);
        return new StepPoint(
                steps + next.steps,
                next.step,
                next.images,
                next.timeMillis,
                mean.of(freshShare, next.freshShare),
                mean.of(loss, next.loss),
                mean.of(accuracy, next.accuracy),
                mean.of(guard, next.guard),
                mean.of(learningRate, next.learningRate),
                mean.of(momentum, next.momentum),
                mean.of(spread, next.spread));
    }

    private static OptionalDouble finite(double value) {
        return Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
    }
}

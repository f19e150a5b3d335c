package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

/** Stochastic gradient descent with momentum, and its learning rate over the steps. */
public record OptimiserConfig(
        @Setting(value = "0.03", doc = "learning rate after warm-up")
        double learningRate,

        @Setting(value = "0.9", doc = "momentum of the gradient, in [0, 1)")
        double momentum,

        @Setting(value = "0.0005", doc = "weight decay, added to the gradient of every parameter")
        double weightDecay,

        @Setting(value = "100", doc = "steps over which the rate rises linearly from 0")
        int warmupSteps,

        @Setting(value = "constant", doc = "`constant` (a stream has no end) or `cosine` to 0 at total-steps")
        Schedule schedule,

        @Setting(value = "0", doc = "steps of the whole run; only for cosine")
        long totalSteps) {
    public OptimiserConfig {
        check(learningRate >= 0, "optimiser.learning-rate must not be negative, but was %s", learningRate);
        check(momentum >= 0 && momentum < 1, "optimiser.momentum must be in [0, 1), but was %s", momentum);
        check(weightDecay >= 0, "optimiser.weight-decay must not be negative, but was %s", weightDecay);
        check(warmupSteps >= 0, "optimiser.warmup-steps must not be negative, but was %d", warmupSteps);
        check(
                schedule == Schedule.CONSTANT || totalSteps > warmupSteps,
                "optimiser.total-steps must be more than optimiser.warmup-steps (%d) for the cosine schedule, but was %d",
                warmupSteps,
                totalSteps);
    }

    /** The form of the rate after warm-up. */
    public enum Schedule {
        CONSTANT,
        COSINE
    }
}

package org.millrace.trainer.optimiser;

import org.millrace.contract.config.OptimiserConfig;

/** The learning rate of each step: a linear rise, then constant or half a cosine down to 0. */
public record LearningRate(OptimiserConfig config) {
    /** The rate of a step, counted from 1. */
    public double at(long step) {
        double peak = config.learningRate();
        if (step <= config.warmupSteps()) {
            return peak * step / config.warmupSteps();
        }
        return switch (config.schedule()) {
            case CONSTANT -> peak;
            case COSINE -> {
                double span = config.totalSteps() - config.warmupSteps();
                double progress = Math.min(1, (step - config.warmupSteps()) / span);
                yield 0.5 * peak * (1 + Math.cos(Math.PI * progress));
            }
        };
    }
}

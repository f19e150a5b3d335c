package org.millrace.trainer.optimiser;

import org.millrace.contract.config.OptimiserConfig;

/**
 * The learning rate over the steps: a linear rise from 0, then the schedule, and for a branch that is to be released a linear fall to 0.
 *
 * <p>The infinite form (Ibrahim et al. 2024, arXiv:2403.08763, section 7) has no end: a cosine brings the rate down to a constant one,
 * from which a branch can be cooled at any step without a decision beforehand about the length of the run.
 */
final class LearningRate {
    /** Images for which a rate under linear scaling is given (Goyal et al. 2017). */
    private static final double REFERENCE_BATCH = 256;

    private static final double TENTH = 0.1;

    private final OptimiserConfig config;
    private final double peak; // the rate at the end of warm-up

    LearningRate(OptimiserConfig config, int batchSize) {
        this.config = config;
        this.peak = switch (config.scaling()) {
            case NONE -> config.learningRate();
            case LINEAR -> config.learningRate() * batchSize / REFERENCE_BATCH;
            case SQUARE_ROOT -> config.learningRate() * Math.sqrt(batchSize);
        };
    }

    /** The rate of a step, counted from 1. */
    double at(long step) {
        return at((double) step);
    }

    /** The rate at a point between steps too, as published schedules are given. */
    double at(double step) {
        if (config.coolFrom() > 0 && step > config.coolFrom()) {
            double left = 1 - (step - config.coolFrom()) / config.coolSteps();
            return trunk((double) config.coolFrom()) * Math.max(0, left);
        }
        return trunk(step);
    }

    private double trunk(double step) {
        if (step < config.warmupSteps()) {
            return peak * step / config.warmupSteps();
        }
        return switch (config.schedule()) {
            case CONSTANT -> peak;
            case COSINE -> cosine(step, 0);
            case STEP -> peak * Math.pow(TENTH, milestonesUpTo(step));
            case INFINITE -> cosine(step, peak * config.constantShare());
        };
    }

    private double milestonesUpTo(double step) {
        return config.milestones().stream()
                .filter(milestone -> step >= milestone)
                .count();
    }

    // from the peak after warm-up down to the floor at total-steps, and the floor from there on
    private double cosine(double step, double floor) {
        double span = config.totalSteps() - config.warmupSteps();
        double progress = Math.min(1, (step - config.warmupSteps()) / span);
        return floor + 0.5 * (peak - floor) * (1 + Math.cos(Math.PI * progress));
    }
}

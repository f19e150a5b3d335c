package org.millrace.trainer.objective;

import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.MomentumSchedule;

/**
 * The momentum of the momentum encoder over the steps: constant, or m(t) = 1 − (1 − m₀)(cos(πt/T) + 1)/2, which rises from m₀ to 1 (Grill et al.
 * 2020, section 3.3). On an endless stream it is constant: a cosine needs a last step T, after which the momentum encoder would stand still.
 *
 * @param first m₀
 * @param lastStep T, only for the cosine
 */
record EncoderMomentum(double first, MomentumSchedule schedule, long lastStep) {
    /** Of MoCo's momentum encoder. */
    static EncoderMomentum of(MillraceConfig config) {
        return new EncoderMomentum(
                config.moco().momentum(),
                config.moco().momentumSchedule(),
                config.optimiser().totalSteps());
    }

    /** After t updates of the query, t from 0. */
    double at(double t) {
        return switch (schedule) {
            case CONSTANT -> first;
            case COSINE -> 1 - (1 - first) * (Math.cos(Math.PI * Math.min(1, t / lastStep)) + 1) / 2;
        };
    }
}

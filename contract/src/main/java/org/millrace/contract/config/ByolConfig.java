package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Setting.Effect;

/** Bootstrap your own latent (Grill et al. 2020). An endless stream has no last step, so τ is held constant. */
public record ByolConfig(
        @Setting(value = "0.99", doc = "momentum τ of the target network, in [0, 1)", effect = Effect.NUMBERS)
        double momentum,

        @Setting(
                value = "constant",
                doc = "`constant` (a stream has no end), or `cosine` from momentum to 1 at optimiser.total-steps",
                effect = Effect.NUMBERS)
        MomentumSchedule momentumSchedule) {
    public ByolConfig {
        check(momentum >= 0 && momentum < 1, "byol.momentum must be in [0, 1), but was %s", momentum);
    }
}

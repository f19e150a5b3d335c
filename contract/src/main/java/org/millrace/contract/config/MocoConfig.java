package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Setting.Effect;

/** Momentum contrast: v1 and v2 (He et al. 2020; Chen et al. 2020) with a dictionary, v3 (Chen et al. 2021) without. */
public record MocoConfig(
        @Setting(value = "4096", doc = "keys in the dictionary, K (moco-v1, moco-v2)", effect = Effect.STRUCTURE)
        int queueSize,

        @Setting(value = "0.1", doc = "temperature T of the softmax", effect = Effect.NUMBERS)
        double temperature,

        @Setting(value = "0.99", doc = "momentum m of the momentum encoder, in [0, 1)", effect = Effect.NUMBERS)
        double momentum,

        @Setting(
                value = "constant",
                doc = "`constant` (a stream has no end), or `cosine` from momentum to 1 at optimiser.total-steps",
                effect = Effect.NUMBERS)
        MomentumSchedule momentumSchedule,

        @Setting(
                value = "false",
                doc =
                        "whether a query is compared without the keys of its own segment, frames of one scene in a row (moco-v1, moco-v2)",
                effect = Effect.STRUCTURE)
        boolean maskSegment) {
    public MocoConfig {
        check(queueSize >= 1, "moco.queue-size must be at least 1, but was %d", queueSize);
        check(temperature > 0, "moco.temperature must be positive, but was %s", temperature);
        check(momentum >= 0 && momentum < 1, "moco.momentum must be in [0, 1), but was %s", momentum);
    }
}

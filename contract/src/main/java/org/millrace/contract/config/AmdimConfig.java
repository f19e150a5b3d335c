package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Setting.Effect;

/** Augmented multiscale deep InfoMax (Bachman et al. 2019), with its own encoder of limited receptive fields. */
public record AmdimConfig(
        @Setting(value = "20", doc = "scores s are clipped softly to c·tanh(s / c)", effect = Effect.NUMBERS)
        double clip,

        @Setting(
                value = "0.04",
                doc =
                        "weight λ of the squared scores, taken before the clip: 0.04 in the paper, 0.05 in the official code",
                effect = Effect.NUMBERS)
        double regulariser,

        @Setting(
                value = "1",
                doc = "features of the mixture for each image (paper, section 3.5); 1 is none",
                effect = Effect.STRUCTURE)
        int mixture,

        @Setting(value = "1", doc = "temperature τ of the mixture's posterior", effect = Effect.NUMBERS)
        double mixtureTemperature) {
    public AmdimConfig {
        check(clip > 0, "amdim.clip must be positive, but was %s", clip);
        check(regulariser >= 0, "amdim.regulariser must not be negative, but was %s", regulariser);
        check(mixture >= 1, "amdim.mixture must be at least 1, but was %d", mixture);
        check(mixtureTemperature > 0, "amdim.mixture-temperature must be positive, but was %s", mixtureTemperature);
    }
}

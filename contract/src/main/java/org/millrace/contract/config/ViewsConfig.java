package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Setting.Effect;

/** Which frame each view of an image is made from. */
public record ViewsConfig(
        @Setting(
                value = "off",
                doc =
                        "`off`: both views of an image are made from it; `auto`: of half the new images the second view is made from another frame of the same source and segment, where there is one",
                effect = Effect.STRUCTURE)
        Temporal temporal,

        @Setting(
                value = "8",
                doc = "frames of its source that such a frame lies before or after the image at most",
                effect = Effect.NUMBERS)
        int temporalWindow) {
    public ViewsConfig {
        check(
                temporalWindow >= 1 && temporalWindow <= 64,
                "views.temporal-window must be in [1, 64], but was %d",
                temporalWindow);
    }

    /** Whether second views come from other frames. */
    public enum Temporal {
        OFF,
        AUTO
    }
}

package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Setting.Effect;

/** Several trainers on one stream: how a round is shared out and how its results are merged. */
public record RoundsConfig(
        @Setting(
                value = "1",
                doc =
                        "slots, the parts of a round that are trained independently of each other, by any process; 1 is one trainer without rounds (`millrace slots` changes it later)",
                effect = Effect.STRUCTURE)
        int slots,

        @Setting(
                value = "100",
                doc = "steps of a slot between two merges, 20 to 500 as a rule",
                effect = Effect.STRUCTURE)
        int steps,

        @Setting(
                value = "momentum",
                doc =
                        "what a merge does with the mean change of the slots: `none` adds it, `momentum` is an outer Nesterov step",
                effect = Effect.STRUCTURE)
        Outer outer,

        @Setting(value = "0.7", doc = "learning rate of the outer step", effect = Effect.STRUCTURE)
        double outerRate,

        @Setting(value = "0.5", doc = "momentum of the outer step", effect = Effect.STRUCTURE)
        double outerMomentum,

        @Setting(
                value = "int8",
                doc =
                        "numbers in which a slot sends its change of the weights: `fp32`, or `int8` with a scale for every 4096",
                effect = Effect.STRUCTURE)
        Precision precision) {
    /** The largest number of slots. */
    public static final int MOST_SLOTS = 1024;

    public RoundsConfig {
        check(slots >= 1 && slots <= MOST_SLOTS, "rounds.slots must be in [1, %d], but was %d", MOST_SLOTS, slots);
        check(steps >= 1, "rounds.steps must be at least 1, but was %d", steps);
        check(outerRate > 0 && outerRate <= 2, "rounds.outer-rate must be in (0, 2], but was %s", outerRate);
        check(
                outerMomentum >= 0 && outerMomentum < 1,
                "rounds.outer-momentum must be in [0, 1), but was %s",
                outerMomentum);
    }

    /** Whether the run is trained in rounds, by as many processes as there are. */
    public boolean several() {
        return slots > 1;
    }

    /** The outer optimiser. */
    public enum Outer {
        NONE,
        MOMENTUM
    }

    /** Numbers on the wire. */
    public enum Precision {
        FP32,
        INT8
    }
}

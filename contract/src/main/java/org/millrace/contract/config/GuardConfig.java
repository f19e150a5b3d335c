package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Setting.Effect;

/** What keeps an encoder that starts from good weights near to what it knew. docs/continuing.md. */
public record GuardConfig(
        @Setting(
                value = "none",
                doc =
                        "encoder whose features the learning one must still be able to predict: `none`, `initial` (the run's first weights), `pinned:VERSION` or `pinned:RUN@VERSION` (a published encoder), `ema` (moving average of the learning one)",
                effect = Effect.NUMBERS)
        String teacher,

        @Setting(
                value = "8",
                doc = "weight λ of the guard's loss beside the objective's, at first",
                effect = Effect.NUMBERS)
        double weight,

        @Setting(
                value = "512",
                doc =
                        "hidden width of the guard's predictor; 0: no predictor, the teacher's features themselves are to be kept",
                effect = Effect.NUMBERS)
        int hidden,

        @Setting(
                value = "true",
                doc =
                        "whether the features are compared from their mean over the batch, without which the guard holds nothing; false: as releases before this key did",
                effect = Effect.NUMBERS)
        boolean centred,

        @Setting(
                value = "0",
                doc = "steps after which `ema` has forgotten half of an encoder; 0: a tenth of optimiser.total-steps",
                effect = Effect.NUMBERS)
        long halfLife,

        @Setting(
                value = "",
                doc =
                        "topic of labelled images of the old domain, on which each published encoder is scored too; blank for none",
                effect = Effect.NONE)
        String oldProbe,

        @Setting(
                value = "1.0",
                doc =
                        "points of linear accuracy on guard.old-probe that may be lost; an encoder that has lost more is held, and λ doubled",
                effect = Effect.NONE)
        double budget,

        @Setting(value = "64", doc = "largest λ to which it is raised", effect = Effect.NONE)
        double maxWeight) {
    private static final int PART_OF_RUN = 10;

    public GuardConfig {
        GuardTeacher.parse(teacher);
        check(weight > 0, "guard.weight must be positive, but was %s (guard.teacher=none turns the guard off)", weight);
        check(hidden >= 0, "guard.hidden must not be negative, but was %s", hidden);
        check(budget >= 0, "guard.budget must not be negative, but was %s", budget);
        check(
                maxWeight >= weight,
                "guard.max-weight must be at least guard.weight (%s), but was %s",
                weight,
                maxWeight);
        check(halfLife >= 0, "guard.half-life must not be negative, but was %s", halfLife);
    }

    /** Whether encoders are scored on an old domain. */
    public boolean hasOldProbe() {
        return !oldProbe.isBlank();
    }

    /** The encoder that {@link #teacher} names. */
    public GuardTeacher named() {
        return GuardTeacher.parse(teacher);
    }

    /** Whether there is a guard. */
    public boolean active() {
        return !(named() instanceof GuardTeacher.None);
    }

    /** Steps after which {@code ema} has forgotten half of an encoder, in a run of that many; 0 where neither is known. */
    public double halfLife(long totalSteps) {
        return halfLife > 0 ? halfLife : (double) totalSteps / PART_OF_RUN;
    }
}

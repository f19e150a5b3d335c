package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import java.util.List;
import org.millrace.contract.config.Setting.Effect;

/** How the weights move, and the learning rate over the steps. */
public record OptimiserConfig(
        @Setting(value = "sgd", doc = "`sgd`, `lars` or `adamw`", effect = Effect.STRUCTURE)
        Method method,

        @Setting(value = "0.03", doc = "learning rate after warm-up, η", effect = Effect.NUMBERS)
        double learningRate,

        @Setting(
                value = "none",
                doc =
                        "`none`, `linear` (learning-rate is for 256 images) or `square-root` (SimCLR's η·√batch): the rate that the batch size gives",
                effect = Effect.NUMBERS)
        Scaling scaling,

        @Setting(value = "0.9", doc = "momentum of the gradient (sgd, lars), in [0, 1)", effect = Effect.NUMBERS)
        double momentum,

        @Setting(value = "false", doc = "Nesterov's momentum (sgd)", effect = Effect.NUMBERS)
        boolean nesterov,

        @Setting(value = "0.0005", doc = "weight decay; adamw decouples it from the gradient", effect = Effect.NUMBERS)
        double weightDecay,

        @Setting(
                value = "all",
                doc =
                        "parameters that decay (sgd, adamw): `all`, or `kernels`, not biases, norms, class token, registers and position embeddings; lars always takes kernels",
                effect = Effect.NUMBERS)
        DecayOn decayOn,

        @Setting(
                value = "outside",
                doc = "position of the learning rate in lars' momentum: `outside` (BYOL, MoCo v3) or `inside` (SimCLR)",
                effect = Effect.NUMBERS)
        LarsForm larsForm,

        @Setting(value = "0.001", doc = "trust coefficient of lars", effect = Effect.NUMBERS)
        double trust,

        @Setting(value = "0.9", doc = "decay of adamw's mean gradient, in [0, 1)", effect = Effect.NUMBERS)
        double beta1,

        @Setting(value = "0.999", doc = "decay of adamw's mean squared gradient, in [0, 1)", effect = Effect.NUMBERS)
        double beta2,

        @Setting(
                value = "1e-8",
                doc = "adamw's ε, added to the root of the mean squared gradient",
                effect = Effect.NUMBERS)
        double epsilon,

        @Setting(
                value = "0",
                doc = "each component of the gradient is clipped to ± this; 0 leaves it",
                effect = Effect.NUMBERS)
        double clipValue,

        @Setting(value = "0", doc = "a longer gradient is shortened to this norm; 0 leaves it", effect = Effect.NUMBERS)
        double clipNorm,

        @Setting(value = "100", doc = "steps over which the rate rises linearly from 0", effect = Effect.NUMBERS)
        int warmupSteps,

        @Setting(
                value = "constant",
                doc =
                        "`constant` (a stream has no end), `cosine` to 0 at total-steps, `step` (a tenth at each milestone) or `infinite` (cosine to constant-share at total-steps, constant from there)",
                effect = Effect.NUMBERS)
        Schedule schedule,

        @Setting(
                value = "0",
                doc = "steps of the whole run (cosine), or of the fall to the constant rate (infinite)",
                effect = Effect.NUMBERS)
        long totalSteps,

        @Setting(
                value = "",
                doc = "steps at which the rate falls to a tenth, ascending (step)",
                effect = Effect.NUMBERS)
        List<Long> milestones,

        @Setting(
                value = "0.1",
                doc = "rate that an infinite schedule comes down to, as a share of learning-rate",
                effect = Effect.NUMBERS)
        double constantShare,

        @Setting(
                value = "0",
                doc =
                        "step after which the rate falls linearly to 0, set by `millrace branch`; 0 for a run without an end",
                effect = Effect.NUMBERS)
        long coolFrom,

        @Setting(value = "0", doc = "steps of that fall", effect = Effect.NUMBERS)
        long coolSteps) {
    public OptimiserConfig {
        check(learningRate >= 0, "optimiser.learning-rate must not be negative, but was %s", learningRate);
        check(momentum >= 0 && momentum < 1, "optimiser.momentum must be in [0, 1), but was %s", momentum);
        check(
                !nesterov || (method == Method.SGD && momentum > 0),
                "optimiser.nesterov needs optimiser.method=sgd and a momentum, but they were %s and %s",
                RecordBinder.text(method),
                momentum);
        check(weightDecay >= 0, "optimiser.weight-decay must not be negative, but was %s", weightDecay);
        check(trust > 0, "optimiser.trust must be positive, but was %s", trust);
        check(beta1 >= 0 && beta1 < 1, "optimiser.beta1 must be in [0, 1), but was %s", beta1);
        check(beta2 >= 0 && beta2 < 1, "optimiser.beta2 must be in [0, 1), but was %s", beta2);
        check(epsilon > 0, "optimiser.epsilon must be positive, but was %s", epsilon);
        check(clipValue >= 0, "optimiser.clip-value must not be negative, but was %s", clipValue);
        check(clipNorm >= 0, "optimiser.clip-norm must not be negative, but was %s", clipNorm);
        check(warmupSteps >= 0, "optimiser.warmup-steps must not be negative, but was %d", warmupSteps);
        check(
                (schedule != Schedule.COSINE && schedule != Schedule.INFINITE) || totalSteps > warmupSteps,
                "optimiser.total-steps must be more than optimiser.warmup-steps (%d) for the %s schedule, but was %d",
                warmupSteps,
                RecordBinder.text(schedule),
                totalSteps);
        check(
                schedule != Schedule.STEP || !milestones.isEmpty(),
                "optimiser.milestones must name a step for the step schedule, but was empty");
        check(
                milestones.stream().sorted().distinct().toList().equals(milestones),
                "optimiser.milestones must ascend, but were %s",
                milestones);
        check(
                constantShare > 0 && constantShare <= 1,
                "optimiser.constant-share must be in (0, 1], but was %s",
                constantShare);
        check(coolFrom >= 0, "optimiser.cool-from must not be negative, but was %d", coolFrom);
        check(
                coolFrom == 0 || coolSteps > 0,
                "optimiser.cool-steps must be positive with optimiser.cool-from=%d, but was %d",
                coolFrom,
                coolSteps);
        milestones = List.copyOf(milestones);
    }

    /** The rule by which a gradient changes the weights. */
    public enum Method {
        SGD,
        LARS,
        ADAMW
    }

    /** Which parameters decay. */
    public enum DecayOn {
        ALL,
        /** Those of convolutions and linear layers but their biases. */
        KERNELS
    }

    /** The two published forms of LARS; equal only while the rate is constant. */
    public enum LarsForm {
        OUTSIDE,
        INSIDE
    }

    /** How the rate depends on the batch. */
    public enum Scaling {
        NONE,
        LINEAR,
        SQUARE_ROOT
    }

    /** The form of the rate after warm-up. */
    public enum Schedule {
        CONSTANT,
        COSINE,
        STEP,
        INFINITE
    }
}

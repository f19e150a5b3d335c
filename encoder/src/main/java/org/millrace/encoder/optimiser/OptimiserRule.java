package org.millrace.encoder.optimiser;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.OptimiserConfig;
import org.millrace.contract.config.OptimiserConfig.DecayOn;
import org.millrace.contract.config.OptimiserConfig.LarsForm;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

/** A rule by which a gradient moves the weights, with its settings. Immutable; what it remembers is in its {@link Optimiser}. */
public sealed interface OptimiserRule {
    /** The rule that the configuration names. */
    static OptimiserRule of(OptimiserConfig config) {
        Clip clip = new Clip(config.clipValue(), config.clipNorm());
        WeightDecay decay = new WeightDecay(config.weightDecay(), config.decayOn() == DecayOn.KERNELS);
        return switch (config.method()) {
            case SGD -> new SgdRule(config.momentum(), config.nesterov(), decay, clip);
            case LARS -> new LarsRule(config.larsForm(), config.momentum(), config.trust(), config.weightDecay(), clip);
            case ADAMW -> new AdamRule(config.beta1(), config.beta2(), config.epsilon(), decay, Decay.DECOUPLED, clip);
        };
    }

    /** SGD with momentum, its weight decay in the gradient, without clipping. */
    static OptimiserRule sgd(double momentum, boolean nesterov, double weightDecay) {
        return new SgdRule(momentum, nesterov, WeightDecay.ofAll(weightDecay), Clip.NONE);
    }

    /** Adam with its weight decay in the gradient (Kingma and Ba 2015), without clipping. */
    static OptimiserRule adam(double beta1, double beta2, double epsilon, double weightDecay) {
        return new AdamRule(beta1, beta2, epsilon, WeightDecay.ofAll(weightDecay), Decay.IN_GRADIENT, Clip.NONE);
    }

    /** An optimiser of those weights with fresh state; the caller closes it. */
    Optimiser newOptimiser(Torch torch, Weights weights);

    /** Where the weight decay λ acts: w ← w − ηλw apart from the gradient, or g ← g + λw. */
    enum Decay {
        DECOUPLED,
        IN_GRADIENT
    }

    /** Of {@link Sgd}. */
    record SgdRule(double momentum, boolean nesterov, WeightDecay weightDecay, Clip clip) implements OptimiserRule {
        public SgdRule {
            checkShare("momentum", momentum);
        }

        @Override
        public Optimiser newOptimiser(Torch torch, Weights weights) {
            return new Sgd(torch, this, weights);
        }
    }

    /** Of {@link Lars}; {@code trust} is η of the ratio. */
    record LarsRule(LarsForm form, double momentum, double trust, double weightDecay, Clip clip)
            implements OptimiserRule {
        public LarsRule {
            checkShare("momentum", momentum);
            check(trust > 0, "trust must be positive, but was %s", trust);
            checkDecay(weightDecay);
        }

        @Override
        public Optimiser newOptimiser(Torch torch, Weights weights) {
            return new Lars(torch, this, weights);
        }
    }

    /** Of {@link Adam}. */
    record AdamRule(double beta1, double beta2, double epsilon, WeightDecay weightDecay, Decay decay, Clip clip)
            implements OptimiserRule {
        public AdamRule {
            checkShare("beta1", beta1);
            checkShare("beta2", beta2);
            check(epsilon > 0, "epsilon must be positive, but was %s", epsilon);
        }

        @Override
        public Optimiser newOptimiser(Torch torch, Weights weights) {
            return new Adam(torch, this, weights);
        }
    }

    private static void checkShare(String name, double value) {
        check(value >= 0 && value < 1, "%s must be in [0, 1), but was %s", name, value);
    }

    private static void checkDecay(double value) {
        check(value >= 0, "weight decay must not be negative, but was %s", value);
    }
}

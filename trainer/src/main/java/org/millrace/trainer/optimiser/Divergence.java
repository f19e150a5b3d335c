package org.millrace.trainer.optimiser;

import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.Precision;

/**
 * What a run is refused with when its numbers are no longer finite, with the settings that can have caused it.
 *
 * @param precision of the forward passes
 * @param initialWeights the file of {@code encoder.initial-weights}, or blank
 */
public record Divergence(Precision precision, String initialWeights) {
    public static Divergence of(MillraceConfig config) {
        return new Divergence(config.trainer().precision(), config.encoder().initialWeights());
    }

    /** Throws where the loss of a step is not a finite number. */
    public void check(long step, double loss, double rate) {
        if (!Double.isFinite(loss)) {
            throw new UserException("the loss of step " + step + " is " + loss + cause(step, rate));
        }
    }

    /** A gradient that overflows however small its loss is scaled. */
    UserException ofGradient(long step, double rate) {
        return new UserException(
                "the gradient of step " + step + " overflows at every scale of the loss" + cause(step, rate));
    }

    // the first loss is that of the weights as they were before any update, so that no learning rate can have caused it
    private String cause(long step, double rate) {
        if (precision == Precision.FP16) {
            return ": fp16 holds no number above 65,504. Set trainer.precision=bf16, which has float32's range, and start a new run; or"
                    + " training diverged: lower optimiser.learning-rate (now " + rate + ").";
        }
        if (step > 1) {
            return ": training diverged. Lower optimiser.learning-rate (now " + rate
                    + ") or lengthen optimiser.warmup-steps, and start a new run.";
        }
        return initialWeights.isBlank()
                ? ", before any update: check encoder.mean, encoder.standard-deviation and the objective's temperature, and"
                        + " start a new run."
                : ", before any update: the weights of encoder.initial-weights (" + initialWeights
                        + ") are too large to compute with. Name another file, and start a new run.";
    }
}

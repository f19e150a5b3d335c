package org.millrace.trainer.optimiser;

import ai.djl.ndarray.NDArray;
import org.millrace.encoder.tensor.Weights;

/**
 * The slow twin's parameters: θ_k ← m·θ_k + (1 − m)·θ_q (He et al. 2020, eq. 2). Parameters only: the twin's batch-norm statistics are
 * its own.
 *
 * <p>On an endless stream m is constant: a schedule needs a last step.
 */
public record MovingAverage(double momentum) {
    /** Moves the twin; the query's leading parameters are the twin's, what follows (a predictor) has no twin. */
    public void update(Weights twin, Weights query) {
        NDArray target = twin.parameters();
        long size = target.size();
        try (NDArray part = query.parameters().get("0:" + size);
                NDArray share = part.mul((float) (1 - momentum))) {
            target.muli((float) momentum).addi(share);
        }
    }
}

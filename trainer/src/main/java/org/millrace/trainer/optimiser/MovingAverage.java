package org.millrace.trainer.optimiser;

import ai.djl.ndarray.NDArray;
import org.millrace.encoder.tensor.Weights;

/**
 * The momentum encoder's parameters: θ_k ← m·θ_k + (1 − m)·θ_q (He et al. 2020, eq. 2). Parameters only: its batch-norm statistics are
 * its own.
 *
 * <p>On an endless stream m is constant: a schedule needs a last step.
 */
public record MovingAverage(double momentum) {
    /** Moves the key's parameters. The query's leading ones correspond to them; what follows, a predictor, has no counterpart. */
    public void update(Weights key, Weights query) {
        NDArray target = key.parameters();
        long size = target.size();
        try (NDArray part = query.parameters().get("0:" + size);
                NDArray share = part.mul((float) (1 - momentum))) {
            target.muli((float) momentum).addi(share);
        }
    }
}

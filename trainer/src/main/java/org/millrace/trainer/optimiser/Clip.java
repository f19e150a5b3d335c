package org.millrace.trainer.optimiser;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import org.millrace.contract.config.OptimiserConfig;

/** Bounds on a gradient, in place: each component to ± {@code clip-value}, then the whole to the norm {@code clip-norm}. */
final class Clip {
    private static final NDIndex ALL = new NDIndex(":");
    private static final double TINY = 1e-6; // as PyTorch's clip_grad_norm_

    private Clip() {}

    static void apply(NDArray gradient, OptimiserConfig config) {
        if (config.clipValue() > 0) {
            try (NDArray clipped = gradient.clip(-config.clipValue(), config.clipValue())) {
                gradient.set(ALL, clipped); // into the same memory, also over an infinite component
            }
        }
        if (config.clipNorm() > 0) {
            double norm;
            try (NDArray length = gradient.norm()) {
                norm = length.getFloat();
            }
            if (norm > config.clipNorm()) {
                gradient.muli((float) (config.clipNorm() / (norm + TINY)));
            }
        }
    }
}

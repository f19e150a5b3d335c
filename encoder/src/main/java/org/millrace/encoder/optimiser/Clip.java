package org.millrace.encoder.optimiser;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;

/**
 * Bounds on a gradient: each component to ± {@code value}, then the whole to the norm {@code norm}.
 *
 * @param value 0 for no bound
 * @param norm 0 for no bound
 */
record Clip(double value, double norm) {
    static final Clip NONE = new Clip(0, 0);

    private static final NDIndex ALL = new NDIndex(":");
    private static final double TINY = 1e-6; // as PyTorch's clip_grad_norm_

    /** Clips in place. */
    void apply(NDArray gradient) {
        if (value > 0) {
            try (NDArray clipped = gradient.clip(-value, value)) {
                gradient.set(ALL, clipped); // into the same memory, also over an infinite component
            }
        }
        if (norm > 0) {
            double length;
            try (NDArray measured = gradient.norm()) {
                length = measured.getFloat();
            }
            if (length > norm) {
                gradient.muli((float) (norm / (length + TINY)));
            }
        }
    }
}

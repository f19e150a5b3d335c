package org.millrace.encoder.tensor;

import ai.djl.ndarray.NDArray;

/**
 * A tensor times or over a number, also where gradients are recorded.
 *
 * <p>Where gradients are recorded DJL's {@code mul(Number)} and {@code div(Number)} are wrong: they wrap the number in a Java buffer and
 * release it at once, though PyTorch has saved it for the backward pass. A garbage collection in between changes the gradient. See
 * docs/decisions/0015-numbers-in-the-graph.md.
 */
public final class Scaled {
    private Scaled() {}

    /** x · factor; the factor lives as long as x's manager. */
    public static NDArray times(NDArray x, double factor) {
        return x.mul(x.getManager().create((float) factor));
    }

    /** x / divisor; the divisor lives as long as x's manager. */
    public static NDArray over(NDArray x, double divisor) {
        return x.div(x.getManager().create((float) divisor));
    }
}

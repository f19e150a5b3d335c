package org.millrace.encoder.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;

/**
 * Overwriting a tensor in its own memory, so that its views see it.
 *
 * <p>DJL's {@code copyTo} and {@code set(Buffer)} replace the tensor's memory instead: its views keep the old one, and the new one is
 * freed with a Java buffer. See docs/decisions/0004-in-place.md.
 */
public final class InPlace {
    private static final NDIndex ALL = new NDIndex(":");

    private InPlace() {}

    /** Copies the values, in row-major order, to the bit. Not inside a gradient collector. */
    public static void overwrite(NDArray target, float[] values) {
        if (values.length != target.size()) {
            throw new IllegalArgumentException("a tensor of " + target.size() + " values cannot take " + values.length);
        }
        Gradients.unrecorded(() -> {
            try (NDManager scope = target.getManager().newSubManager()) {
                target.set(ALL, scope.create(values, target.getShape()));
            }
        });
    }
}

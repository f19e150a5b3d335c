package org.millrace.contract.weights;

import static org.millrace.contract.Check.check;

import java.util.Arrays;
import java.util.Optional;

/**
 * One tensor of a {@link Safetensors} file. Immutable, as long as nobody writes into its arrays.
 *
 * @param type as the file names it, such as {@code F32}
 * @param values in row-major order, each the nearest float32; none where {@link ElementType} does not have the type
 */
@SuppressWarnings("ArrayRecordComponent")
record StoredTensor(long[] shape, String type, float[] values) {
    private static final String RUNNING_VARIANCE = "running_var";

    /** A tensor of float32; throws {@link IllegalArgumentException} where the shape has another number of values. */
    static StoredTensor of(String name, long[] shape, float[] values) {
        long size = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        check(
                size == values.length,
                "tensor %s has %d values for the shape %s",
                name,
                values.length,
                Arrays.toString(shape));
        return new StoredTensor(shape, ElementType.F32.name(), values);
    }

    /** Why the tensor cannot be used with that shape; empty where it can. */
    Optional<String> misfit(String name, long[] wanted) {
        return Arrays.equals(shape, wanted)
                ? unreadable(name)
                : Optional.of("tensor " + name + " must have the shape " + Arrays.toString(wanted) + ", but has "
                        + Arrays.toString(shape));
    }

    /** Why there are no values; empty where there are. */
    Optional<String> unreadable(String name) {
        return ElementType.of(type).isPresent()
                ? Optional.empty()
                : Optional.of("tensor " + name + " must be one of " + ElementType.names() + ", but is " + type);
    }

    /** The first value that no weight can have, in words: NaN, an infinity, or a running variance below zero. */
    Optional<String> wrongValue(String name) {
        boolean variance = name.endsWith(RUNNING_VARIANCE);
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i]) || (variance && values[i] < 0)) {
                return Optional.of("tensor " + name + " has " + values[i] + " at " + position(i)
                        + (variance
                                ? "; a running variance must be finite and not negative"
                                : "; weights must be finite"));
            }
        }
        return Optional.empty();
    }

    private String position(int index) {
        long[] position = new long[shape.length];
        long rest = index;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            position[axis] = rest % shape[axis];
            rest /= shape[axis];
        }
        return Arrays.toString(position);
    }
}

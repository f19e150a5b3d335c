package org.millrace.encoder.selftest;

import ai.djl.ndarray.types.Shape;
import java.util.SplittableRandom;
import org.millrace.contract.config.Precision;

/** Random numbers that a precision holds exactly, so that a check need not allow for their rounding. */
final class TestValues {
    private static final int PARTS = 64;

    private TestValues() {}

    /** In [−1, 1]; in half precision multiples of 1/64. */
    static float[] of(SplittableRandom random, int size, Precision precision) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = precision.isHalf()
                    ? (random.nextInt(2 * PARTS + 1) - PARTS) / (float) PARTS
                    : (float) (2 * random.nextDouble() - 1);
        }
        return values;
    }

    /** The same; in half precision over a power of two near the root of the inputs' number, or large sums would overflow fp16. */
    static float[] kernel(SplittableRandom random, Shape shape, Precision precision) {
        float[] values = of(random, (int) shape.size(), precision);
        if (precision.isHalf()) {
            int exponent = Math.getExponent(Math.sqrt(shape.size() / (double) shape.get(0)));
            for (int i = 0; i < values.length; i++) {
                values[i] = Math.scalb(values[i], -exponent);
            }
        }
        return values;
    }
}

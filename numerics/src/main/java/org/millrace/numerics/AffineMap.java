package org.millrace.numerics;

import static org.millrace.contract.Check.check;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * An affine map of feature vectors, y = xW + b, in float32. Immutable and thread safe.
 *
 * <p>As bytes: W row by row, D×D′, then b, D′, all little-endian float32.
 */
public final class AffineMap {
    private final int inputs;
    private final int outputs;
    private final float[] weights; // W, D×D′
    private final float[] offset; // b, D′

    /**
     * @param weights D×D′, row-major; copied
     * @param offset D′; copied
     */
    public AffineMap(int inputs, int outputs, float[] weights, float[] offset) {
        check(inputs >= 1 && outputs >= 1, "a map of features must have dimensions, but had %d×%d", inputs, outputs);
        check(
                weights.length == (long) inputs * outputs && offset.length == outputs,
                "a map of %d to %d features must have %d weights and %d offsets, but had %d and %d",
                inputs,
                outputs,
                (long) inputs * outputs,
                outputs,
                weights.length,
                offset.length);
        this.inputs = inputs;
        this.outputs = outputs;
        this.weights = weights.clone();
        this.offset = offset.clone();
    }

    /** The map that leaves D features as they are. */
    public static AffineMap identity(int features) {
        float[] weights = new float[features * features];
        for (int i = 0; i < features; i++) {
            weights[i * features + i] = 1;
        }
        return new AffineMap(features, features, weights, new float[features]);
    }

    /** Reads what {@link #toBytes} wrote; throws {@link IllegalArgumentException} where the bytes are not of that size. */
    public static AffineMap of(byte[] bytes, int inputs, int outputs) {
        long wanted = Float.BYTES * ((long) inputs * outputs + outputs);
        check(
                bytes.length == wanted,
                "a map of %d to %d features must have %d bytes, but had %d",
                inputs,
                outputs,
                wanted,
                bytes.length);
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        float[] weights = new float[inputs * outputs];
        float[] offset = new float[outputs];
        in.asFloatBuffer().get(weights).get(offset);
        return new AffineMap(inputs, outputs, weights, offset);
    }

    public byte[] toBytes() {
        ByteBuffer out = ByteBuffer.allocate(Float.BYTES * (weights.length + offset.length))
                .order(ByteOrder.LITTLE_ENDIAN);
        out.asFloatBuffer().put(weights).put(offset);
        return out.array();
    }

    /** D. */
    public int inputs() {
        return inputs;
    }

    /** D′. */
    public int outputs() {
        return outputs;
    }

    /** W, D×D′, copied. */
    public float[] weights() {
        return weights.clone();
    }

    /** b, D′, copied. */
    public float[] offset() {
        return offset.clone();
    }

    /** Whether all numbers of it are finite. */
    public boolean isFinite() {
        return isFinite(weights) && isFinite(offset);
    }

    /** One vector mapped. */
    public float[] apply(float[] vector) {
        check(vector.length == inputs, "a map of %d features cannot take %d", inputs, vector.length);
        return applyAll(vector);
    }

    /** Vectors mapped, N×D row by row to N×D′. */
    public float[] applyAll(float[] rows) {
        check(rows.length % inputs == 0, "%d numbers are no vectors of %d features", rows.length, inputs);
        int count = rows.length / inputs;
        float[] mapped = new float[Math.multiplyExact(count, outputs)];
        for (int row = 0; row < count; row++) {
            System.arraycopy(offset, 0, mapped, row * outputs, outputs);
            add(rows, row * inputs, mapped, row * outputs);
        }
        return mapped;
    }

    /** The rows mapped, N×D′. */
    public FeatureMatrix apply(FeatureMatrix features) {
        float[] rows = new float[features.values().length];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (float) features.values()[i];
        }
        float[] mapped = applyAll(rows);
        double[] values = new double[mapped.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = mapped[i];
        }
        return new FeatureMatrix(features.rows(), outputs, values);
    }

    // four rows of W share each pass over the result, in a loop that the compiler turns into vector instructions
    private void add(float[] x, int from, float[] y, int to) {
        int i = 0;
        for (; i + 4 <= inputs; i += 4) {
            float a = x[from + i];
            float b = x[from + i + 1];
            float c = x[from + i + 2];
            float d = x[from + i + 3];
            int w0 = i * outputs;
            int w1 = w0 + outputs;
            int w2 = w1 + outputs;
            int w3 = w2 + outputs;
            for (int j = 0; j < outputs; j++) {
                y[to + j] += a * weights[w0 + j] + b * weights[w1 + j] + c * weights[w2 + j] + d * weights[w3 + j];
            }
        }
        for (; i < inputs; i++) {
            float a = x[from + i];
            for (int j = 0; j < outputs; j++) {
                y[to + j] += a * weights[i * outputs + j];
            }
        }
    }

    private static boolean isFinite(float[] values) {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AffineMap map
                && map.inputs == inputs
                && Arrays.equals(map.weights, weights)
                && Arrays.equals(map.offset, offset);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(weights) + Arrays.hashCode(offset);
    }
}

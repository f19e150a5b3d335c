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
    private static final int TOGETHER = 32; // vectors for which a row is read from memory once

    private final int inputs;
    private final int outputs;
    // of W, D of D′; the compiler vectorizes a sum of arrays only where all have the same index
    private final float[][] rows;
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
        this.rows = new float[inputs][];
        for (int i = 0; i < inputs; i++) {
            rows[i] = Arrays.copyOfRange(weights, i * outputs, (i + 1) * outputs);
        }
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
        ByteBuffer out =
                ByteBuffer.allocate(Float.BYTES * (inputs + 1) * outputs).order(ByteOrder.LITTLE_ENDIAN);
        out.asFloatBuffer().put(weights()).put(offset);
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
        float[] weights = new float[inputs * outputs];
        for (int i = 0; i < inputs; i++) {
            System.arraycopy(rows[i], 0, weights, i * outputs, outputs);
        }
        return weights;
    }

    /** b, D′, copied. */
    public float[] offset() {
        return offset.clone();
    }

    /** Whether all numbers of it are finite. */
    public boolean isFinite() {
        return Arrays.stream(rows).allMatch(AffineMap::isFinite) && isFinite(offset);
    }

    /** One vector mapped. */
    public float[] apply(float[] vector) {
        check(vector.length == inputs, "a map of %d features cannot take %d", inputs, vector.length);
        return applyAll(vector);
    }

    /** Vectors mapped, N×D row by row to N×D′. */
    public float[] applyAll(float[] vectors) {
        check(vectors.length % inputs == 0, "%d numbers are no vectors of %d features", vectors.length, inputs);
        int count = vectors.length / inputs;
        float[] mapped = new float[Math.multiplyExact(count, outputs)];
        for (int first = 0; first < count; first += TOGETHER) {
            float[][] y = mapped(vectors, first, Math.min(TOGETHER, count - first));
            for (int n = 0; n < y.length; n++) {
                System.arraycopy(y[n], 0, mapped, (first + n) * outputs, outputs);
            }
        }
        return mapped;
    }

    /** The rows mapped, N×D′. */
    public FeatureMatrix apply(FeatureMatrix features) {
        float[] vectors = new float[features.values().length];
        for (int i = 0; i < vectors.length; i++) {
            vectors[i] = (float) features.values()[i];
        }
        float[] mapped = applyAll(vectors);
        double[] values = new double[mapped.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = mapped[i];
        }
        return new FeatureMatrix(features.rows(), outputs, values);
    }

    private float[][] mapped(float[] vectors, int first, int count) {
        float[][] y = new float[count][];
        Arrays.setAll(y, n -> offset.clone());
        int i = 0;
        for (; i + 4 <= inputs; i += 4) {
            for (int n = 0; n < count; n++) {
                add(y[n], vectors, (first + n) * inputs + i, rows[i], rows[i + 1], rows[i + 2], rows[i + 3]);
            }
        }
        for (; i < inputs; i++) {
            for (int n = 0; n < count; n++) {
                add(y[n], vectors[(first + n) * inputs + i], rows[i]);
            }
        }
        return y;
    }

    // four rows share each pass over the result
    private static void add(float[] y, float[] x, int at, float[] row0, float[] row1, float[] row2, float[] row3) {
        float x0 = x[at];
        float x1 = x[at + 1];
        float x2 = x[at + 2];
        float x3 = x[at + 3];
        for (int j = 0; j < y.length; j++) {
            y[j] += x0 * row0[j] + x1 * row1[j] + x2 * row2[j] + x3 * row3[j];
        }
    }

    private static void add(float[] y, float x, float[] row) {
        for (int j = 0; j < y.length; j++) {
            y[j] += x * row[j];
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
                && Arrays.deepEquals(map.rows, rows)
                && Arrays.equals(map.offset, offset);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.deepHashCode(rows) + Arrays.hashCode(offset);
    }
}

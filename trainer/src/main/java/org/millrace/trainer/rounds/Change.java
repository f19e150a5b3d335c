package org.millrace.trainer.rounds;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.millrace.contract.config.RoundsConfig.Precision;

/**
 * A change of weights on the wire. In int8, of every {@value #BLOCK} numbers the largest magnitude is 127 steps and each number the nearest whole
 * number of steps: the error is at most 1/254 of that magnitude. What is read is the same on every machine.
 */
final class Change {
    static final int BLOCK = 4096;
    private static final int MOST = 127;

    private Change() {}

    /** Before less after, encoded. */
    static byte[] between(float[] before, float[] after, Precision precision) {
        float[] change = new float[before.length];
        for (int i = 0; i < change.length; i++) {
            change[i] = before[i] - after[i];
        }
        return precision == Precision.FP32 ? Parts.ofFloats(change) : rounded(change);
    }

    /**
     * The change that was encoded, of so many numbers.
     *
     * @throws IllegalArgumentException where the part has another length, or a number is not finite
     */
    static float[] read(byte[] part, int length, Precision precision) {
        int wanted = precision == Precision.FP32 ? length * Float.BYTES : length + blocks(length) * Float.BYTES;
        if (part.length != wanted) {
            throw new IllegalArgumentException(
                    "a change of " + length + " numbers has " + part.length + " bytes instead of " + wanted);
        }
        return precision == Precision.FP32 ? Parts.floats(part) : steps(part, length);
    }

    private static int blocks(int length) {
        return (length + BLOCK - 1) / BLOCK;
    }

    private static byte[] rounded(float[] change) {
        ByteBuffer bytes = ByteBuffer.allocate(change.length + blocks(change.length) * Float.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int from = 0; from < change.length; from += BLOCK) {
            int to = Math.min(change.length, from + BLOCK);
            float largest = 0;
            for (int i = from; i < to; i++) {
                largest = Math.max(largest, Math.abs(change[i]));
            }
            float step = largest / MOST;
            bytes.putFloat(step);
            for (int i = from; i < to; i++) {
                bytes.put((byte) (step == 0 ? 0 : Math.max(-MOST, Math.min(MOST, Math.round(change[i] / step)))));
            }
        }
        return bytes.array();
    }

    private static float[] steps(byte[] part, int length) {
        ByteBuffer bytes = ByteBuffer.wrap(part).order(ByteOrder.LITTLE_ENDIAN);
        float[] change = new float[length];
        for (int from = 0; from < length; from += BLOCK) {
            float step = bytes.getFloat();
            for (int i = from; i < Math.min(length, from + BLOCK); i++) {
                change[i] = bytes.get() * step;
            }
        }
        return Parts.requireFinite(change);
    }
}

package org.millrace.keystore;

import java.util.stream.IntStream;
import org.millrace.contract.ImageOffset;

/** Keys whose numbers tell their sequence number, so that a wrong one is seen. */
final class TestKeys {
    static final int DIMENSION = 3;
    static final KeyStoreSettings SETTINGS = new KeyStoreSettings("images", DIMENSION, 8);

    private TestKeys() {}

    /** The batch of {@code count} keys that follows key {@code newest}; the image of key n is 1/(10 n). */
    static KeyBatch batch(long step, long newest, int count) {
        return batch(step, newest, count, DIMENSION);
    }

    static KeyBatch batch(long step, long newest, int count, int dimension) {
        float[] keys = new float[count * dimension];
        for (int row = 0; row < count; row++) {
            for (int column = 0; column < dimension; column++) {
                keys[row * dimension + column] = number(newest + 1 + row, column);
            }
        }
        return new KeyBatch(
                step,
                dimension,
                keys,
                IntStream.rangeClosed(1, count)
                        .mapToObj(row -> image(newest + row))
                        .toList());
    }

    static float number(long sequence, int column) {
        return sequence + column / 8f;
    }

    static ImageOffset image(long sequence) {
        return new ImageOffset(1, 10 * sequence);
    }

    static long append(KeyStore store, long step, int count) {
        return store.append(batch(step, store.newestSequence(), count));
    }
}

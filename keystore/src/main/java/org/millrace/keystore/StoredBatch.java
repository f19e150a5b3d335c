package org.millrace.keystore;

import java.util.Arrays;

/** Keys of one step at their place in the log: {@code first} is the sequence number of the first of them. */
record StoredBatch(long first, KeyBatch batch) {
    /** The sequence number of the last key. */
    long last() {
        return first + batch.size() - 1;
    }

    KeyProvenance provenance(long sequence) {
        int row = (int) (sequence - first);
        return new KeyProvenance(
                sequence,
                batch.step(),
                batch.images().get(row),
                batch.segments().get(row));
    }

    /** The same keys without those before {@code sequence}. */
    StoredBatch from(long sequence) {
        return sequence <= first ? this : slice(sequence, last());
    }

    /** The same keys without those after {@code sequence}. */
    StoredBatch upTo(long sequence) {
        return sequence >= last() ? this : slice(first, sequence);
    }

    private StoredBatch slice(long newFirst, long newLast) {
        int from = (int) (newFirst - first);
        int to = (int) (newLast - first) + 1;
        int dimension = batch.dimension();
        float[] keys = Arrays.copyOfRange(batch.keys(), from * dimension, to * dimension);
        return new StoredBatch(
                newFirst,
                new KeyBatch(
                        batch.step(),
                        dimension,
                        keys,
                        batch.images().subList(from, to),
                        batch.segments().subList(from, to)));
    }
}

package org.millrace.keystore;

import static org.millrace.contract.Check.check;

import org.millrace.contract.UserException;
import org.millrace.keystore.disk.DamagedStoreException;
import org.millrace.keystore.disk.StoreKind;

/**
 * What a store is for and which keys it holds: {@code oldest} to {@code newest}, both inclusive, none when oldest = newest + 1.
 * The first stored batch begins at {@code oldest}.
 */
record StorePosition(String topic, int dimension, long oldest, long newest) {
    StorePosition {
        check(dimension >= 1, "dimension must be at least 1, but was %d", dimension);
        check(oldest >= 1 && oldest <= newest + 1, "stored keys must be a range, but were %d to %d", oldest, newest);
    }

    static StorePosition empty(KeyStoreSettings settings) {
        return new StorePosition(settings.topic(), settings.dimension(), 1, 0);
    }

    long stored() {
        return newest - oldest + 1;
    }

    boolean holds(long sequence) {
        return oldest <= sequence && sequence <= newest;
    }

    StorePosition beginAfter(long sequence) {
        check(sequence >= 0, "sequence must not be negative, but was %d", sequence);
        if (newest != 0) {
            throw new IllegalStateException("only an empty key store can begin after key " + sequence
                    + ", but this one has reached key " + newest);
        }
        return new StorePosition(topic, dimension, sequence + 1, sequence);
    }

    StorePosition append(KeyBatch batch) {
        check(
                batch.dimension() == dimension,
                "keys must have the dimension of the key store (%d), but had %d",
                dimension,
                batch.dimension());
        return new StorePosition(topic, dimension, oldest, newest + batch.size());
    }

    StorePosition truncateAfter(String store, long sequence) {
        check(sequence >= 0, "sequence must not be negative, but was %d", sequence);
        if (sequence > newest) {
            throw new DamagedStoreException(
                    StoreKind.KEYS,
                    store,
                    StoreFormat.place(sequence),
                    "that key",
                    "that the store ends at key " + newest);
        }
        if (sequence > 0 && sequence < oldest - 1) {
            throw new UserException(
                    "The key store %s cannot go back to key %d: its oldest key is %d, as earlier ones were released. Go on from a newer checkpoint, or delete the key store to begin with an empty one."
                            .formatted(store, sequence, oldest));
        }
        return new StorePosition(topic, dimension, sequence == 0 ? 1 : oldest, sequence);
    }

    StorePosition releaseBefore(long firstKept) {
        return new StorePosition(topic, dimension, firstKept, newest);
    }
}

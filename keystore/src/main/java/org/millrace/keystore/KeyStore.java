package org.millrace.keystore;

import java.nio.file.Path;
import org.millrace.keystore.disk.DamagedStoreException;

/**
 * An append-only log of keys, numbered from 1, of which the newest K are the dictionary. Not thread safe; the caller closes it.
 *
 * <p>Every read checks what it reads: keys that are missing, moved or changed on disk are a {@link DamagedStoreException},
 * never wrong numbers. A disk that fails, or a store opened with settings that it was not made with, is a
 * {@link org.millrace.contract.UserException}.
 */
public sealed interface KeyStore extends Memory permits RocksKeyStore, InMemoryKeyStore {
    /**
     * Opens the store in a folder for reading, also while a trainer writes to it: what is seen is a state between two appends,
     * as of now. Every change of such a store is an {@link IllegalStateException}.
     */
    static KeyStore openReadOnly(Path folder) {
        return RocksKeyStore.openReadOnly(folder);
    }

    /**
     * Lets the keys of an empty store be numbered from {@code sequence + 1}, for a copy that keeps its source's numbers.
     *
     * @throws IllegalStateException if the store has, or had, a key
     */
    void beginAfter(long sequence);

    /** Adds the keys of one step, all or none of them, and returns the new newest sequence number. */
    long append(KeyBatch batch);

    /** The sequence number of the newest key, which is the number of keys ever appended and not rolled back; 0 when there is none. */
    @Override
    long newestSequence();

    /** The newest keys, oldest first: {@code count} of them, or as many as are stored. */
    KeyWindow newest(int count);

    /**
     * Rolls back to the state in which {@code sequence} was the newest key, also in the middle of a batch; 0 empties the store.
     *
     * @throws DamagedStoreException if the store never reached that key, or lost it
     * @throws org.millrace.contract.UserException if that key has been released
     */
    @Override
    void truncateAfter(long sequence);

    /** Gives up the batches that lie wholly before {@code sequence}, which is at most the newest sequence number plus 1. */
    @Override
    void releaseBefore(long sequence);

    /** Returns when everything appended, rolled back and released so far is durable on disk. */
    @Override
    void sync();

    /** What the dictionary of the newest {@code capacity} keys looks like at step {@code currentStep}. */
    KeyStatistics statistics(int capacity, long currentStep);

    @Override
    default KeyStore asKeys() {
        return this;
    }
}

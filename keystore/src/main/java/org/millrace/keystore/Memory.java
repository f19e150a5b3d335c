package org.millrace.keystore;

/**
 * What an objective remembers beside its weights: rows with sequence numbers from 1, which roll back with them. Not thread safe; the
 * caller closes it.
 */
public sealed interface Memory extends AutoCloseable permits KeyStore, MemoryBank {
    /** The sequence number of the newest row: rows ever written and not rolled back; 0 when there is none. */
    long newestSequence();

    /** Rolls back to the state in which {@code sequence} was the newest; 0 empties it. */
    void truncateAfter(long sequence);

    /** Gives up what lies before {@code sequence}: keys of a log, the way back to earlier states of a bank. */
    void releaseBefore(long sequence);

    /** Returns when everything written, rolled back and released so far is durable on disk. */
    void sync();

    /** This memory as a log of keys; throws {@link IllegalStateException} where it is something else. */
    default KeyStore asKeys() {
        throw new IllegalStateException("not a log of keys: " + this);
    }

    /** This memory as a bank; throws {@link IllegalStateException} where it is something else. */
    default MemoryBank asBank() {
        throw new IllegalStateException("not a memory bank: " + this);
    }

    @Override
    void close();
}

package org.millrace.keystore;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.millrace.keystore.disk.DamagedStoreException;

/**
 * One row of C numbers per image, addressed by image id (Wu et al. 2018, arXiv:1805.01978, §3.1), that rolls back with the weights.
 * Not thread safe; the caller closes it.
 *
 * <p>Rows lie in slots 0 to size − 1, numbered as their images first appeared. Once {@code capacity} slots are taken, a new image
 * takes the slot whose row was written longest ago. Every write of a row has a sequence number, from 1; the newest one names the
 * state of the bank. All rows are held on the heap too, so reading costs a copy.
 *
 * <p>What is read from disk is checked: rows that are missing, moved or changed there are a {@link DamagedStoreException}, never
 * wrong numbers. A disk that fails, or a bank opened with settings that it was not made with, is a
 * {@link org.millrace.contract.UserException}.
 */
public sealed interface MemoryBank extends Memory permits MirroredBank {
    /**
     * Opens the bank in a folder for reading, also while a trainer writes to it: what is seen is a state between two updates, as
     * of now. Every change of such a bank is an {@link IllegalStateException}.
     */
    static MemoryBank openReadOnly(Path folder) {
        return RocksMemoryBank.openReadOnly(folder);
    }

    /** What it was made for. */
    MemoryBankSettings settings();

    /** Rows in the bank, which are those of slots 0 to size − 1. */
    int size();

    /** The sequence number of the newest write: rows ever written and not rolled back; 0 when there is none. */
    @Override
    long newestSequence();

    /** The rows of these images, as far as they have one. */
    BankRows rows(List<ImageId> images);

    /** The rows in these slots, N×C; a slot may be named more than once. The caller owns the array. */
    float[] rows(int[] slots);

    /** The step that last wrote each slot's row, by slot. */
    long[] steps();

    /** Where an image's row comes from, if it has one. */
    Optional<KeyProvenance> find(ImageId image);

    /**
     * Writes the rows of one step, all or none of them, and returns the new newest sequence number. Rows are written in order: of
     * an image that is named twice the last one stays.
     *
     * @param images N, at most as many as the capacity
     * @param rows N×C, with the step and the images' places in the log
     */
    long update(List<ImageId> images, KeyBatch rows);

    /**
     * Rolls back to the state in which {@code sequence} was the newest write: overwritten rows come back, and images that gave up
     * their slot since. 0 empties the bank.
     *
     * @throws DamagedStoreException if the bank never reached that write, or lost it
     * @throws org.millrace.contract.UserException if the way back to it has been released
     */
    @Override
    void truncateAfter(long sequence);

    /** Gives up the way back to states before {@code sequence}, which is at most the newest; that state itself stays within reach. */
    @Override
    void releaseBefore(long sequence);

    /** Returns when everything written, rolled back and released so far is durable on disk. */
    @Override
    void sync();

    @Override
    default MemoryBank asBank() {
        return this;
    }
}

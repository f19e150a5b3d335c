package org.millrace.keystore;

import static org.millrace.contract.Check.check;

import org.millrace.contract.UserException;
import org.millrace.keystore.disk.DamagedStoreException;
import org.millrace.keystore.disk.StoreKind;

/**
 * What a memory bank is for, how many rows it has, and the states it can be in: {@code newest} now, and back to {@code earliest} by
 * undoing one write after the other.
 */
record BankPosition(MemoryBankSettings settings, int size, long earliest, long newest) {
    BankPosition {
        check(
                earliest >= 0 && earliest <= newest,
                "states must be a range, but were after write %d to %d",
                earliest,
                newest);
        check(
                size >= 0 && size <= Math.min(settings.capacity(), newest),
                "%d rows after %d writes, with room for %d",
                size,
                newest,
                settings.capacity());
    }

    static BankPosition empty(MemoryBankSettings settings) {
        return new BankPosition(settings, 0, 0, 0);
    }

    /** Checks a step's rows before they are written. */
    void checkFits(int images, KeyBatch rows) {
        check(
                rows.dimension() == settings.dimension(),
                "rows must have the dimension of the memory bank (%d), but had %d",
                settings.dimension(),
                rows.dimension());
        check(images == rows.size(), "there must be an image id for each of %d rows, but were %d", rows.size(), images);
        check(
                images <= settings.capacity(),
                "a step must have at most as many rows as the memory bank (%d), but had %d",
                settings.capacity(),
                images);
    }

    BankPosition update(int sizeThen, KeyBatch rows) {
        return new BankPosition(settings, sizeThen, earliest, newest + rows.size());
    }

    /** Checks that the bank can go back to that state. */
    void checkReaches(String store, long sequence) {
        check(sequence >= 0, "sequence must not be negative, but was %d", sequence);
        if (sequence > newest) {
            throw new DamagedStoreException(
                    StoreKind.KEYS, store, "write " + sequence, "that write", "that the bank ends at write " + newest);
        }
        if (sequence > 0 && sequence < earliest) {
            throw new UserException(
                    "The memory bank %s cannot go back to write %d: it can go back to write %d, as the way to earlier ones was released. Go on from a newer checkpoint, or delete the memory bank to begin with an empty one."
                            .formatted(store, sequence, earliest));
        }
    }

    BankPosition truncateAfter(int sizeThen, long sequence) {
        return new BankPosition(settings, sizeThen, Math.min(earliest, sequence), sequence);
    }

    void checkReleases(long sequence) {
        check(sequence <= newest, "sequence must be at most %d, but was %d", newest, sequence);
    }

    BankPosition releaseBefore(long earliestThen) {
        return new BankPosition(settings, size, earliestThen, newest);
    }
}

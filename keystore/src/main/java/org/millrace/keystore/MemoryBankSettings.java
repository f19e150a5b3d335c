package org.millrace.keystore;

import static org.millrace.contract.Check.check;

import java.nio.file.Path;

/**
 * What a memory bank is made for, and checked against when it is opened again; fixed for its life.
 *
 * @param topic the topic whose images the rows belong to
 * @param dimension numbers in a row, C
 * @param capacity most rows
 */
public record MemoryBankSettings(String topic, int dimension, int capacity) {
    public MemoryBankSettings {
        check(!topic.isBlank(), "topic must not be blank");
        check(dimension >= 1, "dimension must be at least 1, but was %d", dimension);
        check(capacity >= 1, "capacity must be at least 1, but was %d", capacity);
        check(
                (long) capacity * dimension <= Integer.MAX_VALUE - 8,
                "a memory bank must have at most 2^31 numbers, but capacity × dimension was %d × %d",
                capacity,
                dimension);
    }

    /** Opens the bank in that folder, or makes it. One process at a time; the caller closes it. */
    public MemoryBank open(Path folder) {
        return RocksMemoryBank.open(folder, this);
    }

    /** A new, empty bank on the heap. */
    public MemoryBank openInMemory() {
        return new InMemoryMemoryBank(this);
    }

    long bytes() {
        return (long) capacity * dimension * Float.BYTES;
    }
}

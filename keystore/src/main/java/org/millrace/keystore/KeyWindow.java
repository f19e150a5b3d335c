package org.millrace.keystore;

import static org.millrace.contract.Check.check;

import java.util.List;

/**
 * Consecutive keys of the store, oldest first. The caller owns the array.
 *
 * @param dimension numbers in a key, C
 * @param keys N×C by rows
 * @param provenance N
 */
@SuppressWarnings("ArrayRecordComponent") // rows in bulk, never compared as a value
public record KeyWindow(int dimension, float[] keys, List<KeyProvenance> provenance) {
    public KeyWindow {
        check(
                keys.length == (long) provenance.size() * dimension,
                "keys must have %d × %d numbers, but had %d",
                provenance.size(),
                dimension,
                keys.length);
        provenance = List.copyOf(provenance);
    }

    /** Number of keys, N. */
    public int size() {
        return provenance.size();
    }
}

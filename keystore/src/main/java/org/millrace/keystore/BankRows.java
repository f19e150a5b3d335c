package org.millrace.keystore;

import static org.millrace.contract.Check.check;

/**
 * The rows of some images, in the order asked for; zeros for an image that has none yet. The caller owns the arrays.
 *
 * @param dimension numbers in a row, C
 * @param rows N×C
 * @param slots N: where each row lies, or {@link #ABSENT}
 */
@SuppressWarnings("ArrayRecordComponent") // rows in bulk, never compared as a value
public record BankRows(int dimension, float[] rows, int[] slots) {
    public static final int ABSENT = -1;

    public BankRows {
        check(
                rows.length == (long) slots.length * dimension,
                "rows must have %d × %d numbers, but had %d",
                slots.length,
                dimension,
                rows.length);
    }

    /** Number of images asked for, N. */
    public int size() {
        return slots.length;
    }

    public boolean isPresent(int index) {
        return slots[index] != ABSENT;
    }
}

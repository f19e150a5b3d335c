package org.millrace.encoder.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** Encoding rows in another order, so that batch norm on several devices puts other rows together. */
public final class RowOrder {
    private RowOrder() {}

    /** encode(rows[permutation]) put back: row i of the result belongs to row i of {@code rows}. rows: N×… */
    public static NDArray permuted(NDArray rows, int[] permutation, UnaryOperator<NDArray> encode) {
        return select(encode.apply(select(rows, permutation)), inverse(permutation));
    }

    static int[] inverse(int[] permutation) {
        int[] inverse = new int[permutation.length];
        for (int i = 0; i < permutation.length; i++) {
            inverse[permutation[i]] = i;
        }
        return inverse;
    }

    private static NDArray select(NDArray rows, int[] order) {
        long[] indices = IntStream.of(order).asLongStream().toArray();
        return rows.get(new NDIndex("{}", rows.getManager().create(indices)));
    }
}

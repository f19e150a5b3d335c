package org.millrace.evaluator.protocol;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;

/** The batches of an epoch: every example once, in an order that depends on seed and epoch alone. */
final class Batches {
    private Batches() {}

    /**
     * Numbers of the examples of each batch. The last one is smaller where they do not fill it; it never has one example alone, which
     * batch norm could not normalise, unless there is only one.
     */
    static List<int[]> of(int examples, int batchSize, long seed, long epoch) {
        int[] order = order(examples, CounterRandom.of(seed, epoch, Purpose.SHUFFLE, 0));
        List<int[]> batches = new ArrayList<>();
        for (int from = 0; from < examples; ) {
            int to = examples - from <= batchSize + 1 ? examples : from + batchSize;
            batches.add(Arrays.copyOfRange(order, from, to));
            from = to;
        }
        return batches;
    }

    /** Fisher–Yates. */
    private static int[] order(int examples, CounterRandom random) {
        int[] order = new int[examples];
        for (int i = 0; i < examples; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }
}

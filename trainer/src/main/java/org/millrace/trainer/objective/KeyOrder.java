package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import java.util.function.UnaryOperator;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.config.TrainerConfig;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.network.RowOrder;

/**
 * The order in which keys are encoded. Shuffled, a key shares its batch-norm statistics with other images than its query does, so
 * the statistics do not give the pair away (He et al. 2020, section 3.3); afterwards the keys are put back in the batch's order.
 *
 * @param mode of batch norm for keys
 * @param shuffled whether the order is drawn again each step
 */
record KeyOrder(BatchNormMode mode, boolean shuffled, long seed) {
    static KeyOrder of(TrainerConfig config, long seed) {
        int devices = config.batchNormSplits();
        return switch (config.batchNorm()) {
            case ORDINARY -> new KeyOrder(BatchNormMode.TRAINING, false, seed);
            case SPLIT -> new KeyOrder(BatchNormMode.interleaved(devices), false, seed);
            case SHUFFLE -> new KeyOrder(BatchNormMode.contiguous(devices), true, seed);
        };
    }

    /** The mode of batch norm for queries that goes with it. */
    static BatchNormMode queryMode(TrainerConfig config) {
        return switch (config.batchNorm()) {
            case ORDINARY -> BatchNormMode.TRAINING;
            case SPLIT -> BatchNormMode.interleaved(config.batchNormSplits());
            case SHUFFLE -> BatchNormMode.contiguous(config.batchNormSplits());
        };
    }

    /** Encodes rows (N×…) in this order and returns the result (N×…) in theirs. */
    NDArray apply(NDArray rows, long step, UnaryOperator<NDArray> encode) {
        if (!shuffled) {
            return encode.apply(rows);
        }
        return RowOrder.permuted(rows, permutation((int) rows.getShape().get(0), step), encode);
    }

    private int[] permutation(int size, long step) {
        CounterRandom random = CounterRandom.of(seed, step, CounterRandom.Purpose.KEY_ORDER, 0);
        int[] order = new int[size];
        for (int i = 0; i < size; i++) { // Fisher and Yates, inside out
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }
}

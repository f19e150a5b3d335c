package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;

/**
 * The contrastive loss of MoCo (He et al. 2020, eq. 1): L = −log[exp(q·k⁺/T) / (exp(q·k⁺/T) + Σ exp(q·n/T))] over the negatives n of
 * the dictionary, mean over the batch. Queries and keys are made unit length here; the dictionary's rows are.
 */
final class InfoNce {
    private static final double EPSILON = 1e-12;

    private InfoNce() {}

    /**
     * @param queries N×C
     * @param keys N×C, constants
     * @param negatives K×C, constants
     * @return the loss (scalar) and the logits before division by T (N×(1+K), the positive first)
     */
    static NDList loss(NDArray queries, NDArray keys, NDArray negatives, double temperature) {
        NDArray q = unit(queries); // N×C
        NDArray k = unit(keys); // N×C
        NDArray positive = q.mul(k).sum(new int[] {1}, true); // N×1
        NDArray negative = q.matMul(negatives.transpose()); // N×K
        NDArray logits = NDArrays.concat(new NDList(positive, negative), 1); // N×(1+K)
        NDArray logProbability = logits.div((float) temperature).logSoftmax(1);
        NDArray loss = logProbability.get(":, 0").mean().neg();
        return new NDList(loss, logits);
    }

    /** Rows of length 1, x / max(‖x‖, 1e-12). */
    static NDArray unit(NDArray rows) {
        return rows.normalize(2, 1, EPSILON);
    }
}

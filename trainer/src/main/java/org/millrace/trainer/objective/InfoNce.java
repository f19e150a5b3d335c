package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.util.Optional;
import org.millrace.encoder.tensor.Scaled;

/**
 * The contrastive loss of MoCo (He et al. 2020, eq. 1): L = −log[exp(q·k⁺/T) / (exp(q·k⁺/T) + Σ exp(q·n/T))], mean over the batch,
 * with the negatives n from a dictionary or from the batch. Queries and keys are made unit length here; a dictionary's rows are.
 */
final class InfoNce {
    private static final double EPSILON = 1e-12;

    private InfoNce() {}

    /**
     * A loss with the logits that it comes from.
     *
     * @param losses of each query, N
     * @param logits divided by T; the positive's column is 0, or the row's number where the batch is the dictionary
     */
    record Contrast(NDArray losses, NDArray logits) {
        /** Mean over the queries. */
        NDArray loss() {
            return losses.mean();
        }
    }

    /**
     * @param queries N×C
     * @param keys N×C, constants
     * @param negatives K×C, constants
     */
    static Contrast withDictionary(NDArray queries, NDArray keys, NDArray negatives, double temperature) {
        return ofUnitRows(unit(queries), unit(keys), negatives, Optional.empty(), temperature);
    }

    /** The same where some negatives do not count: {@code mask}, N×K, is added to their products with the queries. */
    static Contrast withDictionary(NDArray queries, NDArray keys, NDArray negatives, NDArray mask, double temperature) {
        return ofUnitRows(unit(queries), unit(keys), negatives, Optional.of(mask), temperature);
    }

    // q, k: N×C and negatives: K×C of unit length; mask: N×K
    static Contrast ofUnitRows(NDArray q, NDArray k, NDArray negatives, Optional<NDArray> mask, double temperature) {
        NDArray positive = q.mul(k).sum(new int[] {1}, true); // N×1
        NDArray products = q.matMul(negatives.transpose()); // N×K
        NDArray negative = mask.map(products::add).orElse(products);
        NDArray logits = Scaled.over(NDArrays.concat(new NDList(positive, negative), 1), temperature); // N×(1+K)
        return new Contrast(logits.logSoftmax(1).get(":, 0").neg(), logits);
    }

    /**
     * The batch as the dictionary: the key of row i is the positive of query i, the other keys are its negatives.
     *
     * @param queries N×C
     * @param keys N×C
     */
    static Contrast withBatch(NDArray queries, NDArray keys, double temperature) {
        NDArray logits = Scaled.over(unit(queries).matMul(unit(keys).transpose()), temperature); // N×N
        return new Contrast(diagonal(logits.logSoftmax(1)).neg(), logits);
    }

    /** Rows of length 1, x / max(‖x‖, 1e-12). */
    static NDArray unit(NDArray rows) {
        return rows.normalize(2, 1, EPSILON);
    }

    /** Share of rows whose column 0 is the largest; a tie counts as a hit. logits: N×(1+K). */
    static double accuracy(NDArray logits) {
        return hits(logits.get(":, 0"), logits);
    }

    /** Share of rows whose diagonal element is the largest; a tie counts as a hit. logits: N×N. */
    static double diagonalAccuracy(NDArray logits) {
        return hits(diagonal(logits), logits);
    }

    // square: N×N → N
    private static NDArray diagonal(NDArray square) {
        NDManager scope = square.getManager();
        return square.mul(scope.eye((int) square.getShape().get(0))).sum(new int[] {1});
    }

    private static double hits(NDArray positive, NDArray logits) {
        NDArray best = logits.max(new int[] {1}); // N
        return positive.gte(best).toType(DataType.FLOAT32, false).mean().getFloat();
    }
}

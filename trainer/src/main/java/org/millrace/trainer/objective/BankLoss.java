package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import org.millrace.encoder.tensor.Scaled;
import org.millrace.trainer.objective.InfoNce.Contrast;

/**
 * The losses of a query against rows of a memory bank, which are constants. Features are made unit length here; the bank's rows are.
 */
final class BankLoss {
    private BankLoss() {}

    /**
     * Similarities divided by T, the own row's first.
     *
     * @param features N×C
     * @param positives N×C, each image's own row
     * @param negatives M×C for the whole batch, or N×M×C for each image
     * @return N×(1+M)
     */
    static NDArray logits(NDArray features, NDArray positives, NDArray negatives, double temperature) {
        NDArray f = InfoNce.unit(features); // N×C
        return ofUnitRows(f, positives, negatives, temperature);
    }

    // f: N×C of unit length
    static NDArray ofUnitRows(NDArray f, NDArray positives, NDArray negatives, double temperature) {
        NDArray positive = f.mul(positives).sum(new int[] {1}, true); // N×1
        NDArray negative = negatives.getShape().dimension() == 2
                ? f.matMul(negatives.transpose()) // N×M
                : eachOwn(f, negatives); // N×M
        return Scaled.over(NDArrays.concat(new NDList(positive, negative), 1), temperature);
    }

    /**
     * The softmax over the own row and others: sampled ones (MoCo's comparison, He et al. 2020, section 4.1) or all (Wu et al. 2018, eq. 2).
     * logits: N×(1+M).
     */
    static Contrast softmax(NDArray logits) {
        return new Contrast(logits.logSoftmax(1).get(":, 0").neg(), logits);
    }

    /**
     * Noise-contrastive estimation (Wu et al. 2018, eqs. 4 to 7): P = exp(s)/Z; h = P / (P + m/n); −log h⁺ − Σ log(1 − h).
     *
     * @param logits N×(1+m), the own row's first; noise may be the own row again
     * @param partition Z
     * @param rows n, of the bank
     */
    static Contrast noiseContrastive(NDArray logits, double partition, long rows) {
        NDArray h = posterior(logits, partition, rows); // N×(1+m)
        long noise = logits.getShape().get(1) - 1;
        NDArray positive = h.get(":, 0").log(); // N
        NDArray others = h.get(":, 1:" + (noise + 1)).neg().add(1).log().sum(new int[] {1}); // N
        return new Contrast(positive.add(others).neg(), logits);
    }

    /** The probability that a row is the own one and not noise. logits: N×(1+m) → N×(1+m). */
    static NDArray posterior(NDArray logits, double partition, long rows) {
        double noise = (logits.getShape().get(1) - 1) / (double) rows;
        NDArray p = probability(logits, partition);
        return p.div(p.add(noise));
    }

    /** P = exp(s) / Z. */
    static NDArray probability(NDArray logits, double partition) {
        return Scaled.over(logits.exp(), partition);
    }

    /** Z as the official code estimates it once, n times the mean of exp(s) over a batch. logits: N×(1+m). */
    static double partition(NDArray logits, long rows) {
        return rows * (double) logits.exp().mean().getFloat();
    }

    /** v ← normalise(t·v + (1 − t)·f/‖f‖) (Wu et al. 2018, section 3.1 with the proximal step of the code). rows, features: N×C. */
    static NDArray mixed(NDArray rows, NDArray features, double momentum) {
        NDArray f = InfoNce.unit(features);
        return InfoNce.unit(Scaled.times(rows, momentum).add(Scaled.times(f, 1 - momentum)));
    }

    private static NDArray eachOwn(NDArray f, NDArray negatives) {
        Shape shape = negatives.getShape(); // N×M×C
        return negatives
                .batchMatMul(f.reshape(shape.get(0), shape.get(2), 1)) // N×M×1
                .reshape(shape.get(0), shape.get(1));
    }
}

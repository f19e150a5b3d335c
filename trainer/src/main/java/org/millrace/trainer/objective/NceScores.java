package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import org.millrace.encoder.tensor.Scaled;

/**
 * How well antecedents predict the local features of their own image (Bachman et al. 2019, sections 3.2 to 3.4). Each of k antecedents
 * of an image meets each of L locations of every image with the score s = f·g/√D, clipped softly to c·tanh(s/c). A location of its own
 * image is a positive, whose negatives are all locations of the other images; the own image's other locations are neither:
 *
 * <p>nce = s⁺ − log(exp s⁺ + Σ exp s⁻) = −softplus(log Σ exp s⁻ − s⁺).
 *
 * @param raw s, N×k×N×L
 * @param clipped c·tanh(s/c), N×k×N×L
 * @param positive clipped scores of the own image, N×k×L
 * @param largestNegative of each antecedent, clipped, N×k×1
 * @param nce N×k×L
 */
record NceScores(NDArray raw, NDArray clipped, NDArray positive, NDArray largestNegative, NDArray nce) {
    /** Added to scores of the own image, which are no negatives. */
    private static final float NEVER = -1e9f;

    /**
     * @param antecedents N×k×D
     * @param consequents N×D×H×W, L = H·W
     * @param clip c
     */
    static NceScores of(NDArray antecedents, NDArray consequents, double clip) {
        long images = antecedents.getShape().get(0);
        long components = antecedents.getShape().get(1);
        long length = antecedents.getShape().get(2);
        NDArray scaled = Scaled.times(antecedents, 1 / Math.sqrt((double) length)); // N×k×D
        NDArray columns = consequents.transpose(0, 2, 3, 1).reshape(-1, length).transpose(); // D×(N·L)
        NDArray raw = scaled.reshape(-1, length).matMul(columns).reshape(images, components, images, -1); // N×k×N×L
        NDArray clipped = clip(raw, clip); // N×k×N×L
        NDArray own = consequents.reshape(images, length, -1); // N×D×L
        NDArray positive = clip(scaled.matMul(own), clip); // N×k×L
        NDArray negative = clipped.add(neverOwn(clipped, images)); // N×k×N×L
        Shape rows = new Shape(images, components, -1);
        NDArray largest = negative.stopGradient().reshape(rows).max(new int[] {2}, true); // N×k×1
        NDArray exponentials = negative.subi(largest.expandDims(3)).exp().reshape(rows); // N×k×(N·L)
        NDArray logSum = exponentials.sum(new int[] {2}, true).log().add(largest); // N×k×1
        NDArray nce = Activation.softPlus(logSum.sub(positive)).neg(); // N×k×L
        return new NceScores(raw, clipped, positive, largest, nce);
    }

    /** Mean of s² over positives and negatives, scalar. */
    NDArray meanSquare() {
        return raw.square().mean();
    }

    /** Share of locations that some antecedent of their image scores above all its negatives; a tie counts. */
    double accuracy() {
        NDArray hits = positive.gte(largestNegative).toType(DataType.FLOAT32, false); // N×k×L
        return hits.max(new int[] {1}).mean().getFloat();
    }

    private static NDArray clip(NDArray scores, double clip) {
        return Scaled.times(Scaled.over(scores, clip).tanh(), clip);
    }

    // N×1×N×1
    private static NDArray neverOwn(NDArray scores, long images) {
        return Scaled.times(scores.getManager().eye((int) images), NEVER).reshape(images, 1, images, 1);
    }
}

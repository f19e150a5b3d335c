package org.millrace.encoder.network;

import static org.millrace.contract.Check.check;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.norm.LayerNorm;

/**
 * Group norm (Wu and He 2018, arXiv:1803.08494, equation 7) as in PyTorch: in each image by itself, each group of consecutive channels is
 * normalised by its mean and biased variance, then scaled and shifted channel by channel. The same in training and evaluation.
 *
 * @param groups of a layer, which divide its channels
 */
public record GroupNormLayer(int groups) {
    /** Added to the variance; PyTorch's default. */
    public static final float EPSILON = 1e-5f;

    private static final int USUAL_GROUPS = 32;
    private static final int LEAST_CHANNELS = 2; // of a group: one alone would lose how strongly it responds

    /** The layer for so many channels: 32 groups, or fewer, of two channels. */
    public static GroupNormLayer of(int channels) {
        int groups = Math.max(1, Math.min(USUAL_GROUPS, channels / LEAST_CHANNELS));
        check(
                channels % groups == 0,
                "group norm of %d channels must have groups of one size, but had %d",
                channels,
                groups);
        return new GroupNormLayer(groups);
    }

    /** x: N×C×H×W → the same. scale and shift: C. */
    NDArray forward(NDArray x, NDArray scale, NDArray shift) {
        Shape shape = x.getShape();
        long channels = shape.get(1);
        Shape group = new Shape(shape.size() / shape.get(0) / groups);
        NDArray rows = x.reshape(shape.get(0) * groups, group.get(0)); // N·G × C/G·H·W
        NDArray ones = x.getManager().ones(group, x.getDataType());
        NDArray zeros = x.getManager().zeros(group, x.getDataType());
        NDArray normalised =
                LayerNorm.layerNorm(rows, group, ones, zeros, EPSILON).singletonOrThrow();
        return normalised.reshape(shape).mul(scale.reshape(1, channels, 1, 1)).add(shift.reshape(1, channels, 1, 1));
    }
}

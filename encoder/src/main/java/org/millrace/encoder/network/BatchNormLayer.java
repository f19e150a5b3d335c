package org.millrace.encoder.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.norm.BatchNorm;
import java.util.Collections;

/**
 * Batch norm (Ioffe and Szegedy 2015, algorithm 1) as in PyTorch: the batch is normalised by its biased variance, the running variance
 * follows the unbiased one. With several virtual devices each normalises its own samples, and the running statistics become the mean
 * of the devices'.
 *
 * @param decay share of the old running statistics that a batch keeps
 * @param epsilon added to the variance
 */
record BatchNormLayer(float decay, float epsilon) {
    /** PyTorch's defaults: running statistics move by a share of 0.1 in each batch, there called momentum. */
    static final BatchNormLayer DEFAULT = new BatchNormLayer(0.9f, 1e-5f);

    private static final NDIndex ALL = new NDIndex(":");

    /** x: N×C×… normalised over all but C. The other tensors: C each; mean and variance are overwritten in their memory while training. */
    NDArray forward(NDArray x, NDArray mean, NDArray variance, NDArray scale, NDArray shift, BatchNormMode mode) {
        return mode.devices() <= 1
                ? plain(x, mean, variance, scale, shift, mode.devices() == 1)
                : split(x, mean, variance, scale, shift, mode);
    }

    private NDArray plain(NDArray x, NDArray mean, NDArray variance, NDArray scale, NDArray shift, boolean training) {
        return BatchNorm.batchNorm(x, mean, variance, scale, shift, 1, decay, epsilon, training)
                .singletonOrThrow();
    }

    // the devices' samples stand side by side as further channels: N×C×… → N/S×(S·C)×…
    private NDArray split(NDArray x, NDArray mean, NDArray variance, NDArray scale, NDArray shift, BatchNormMode mode) {
        int devices = mode.devices();
        Shape shape = x.getShape();
        long samples = shape.get(0) / devices;
        long channels = shape.get(1);
        NDArray means = repeat(mean, devices, x.getManager());
        NDArray variances = repeat(variance, devices, x.getManager());
        NDArray side = mode.contiguous()
                ? x.reshape(devices, samples, channels, -1)
                        .transpose(1, 0, 2, 3)
                        .reshape(samples, devices * channels, -1)
                : x.reshape(samples, devices * channels, -1);
        NDArray y = plain(
                side,
                means,
                variances,
                repeat(scale, devices, x.getManager()),
                repeat(shift, devices, x.getManager()),
                true);
        mean.set(ALL, means.reshape(devices, channels).mean(new int[] {0}));
        variance.set(ALL, variances.reshape(devices, channels).mean(new int[] {0}));
        return mode.contiguous()
                ? y.reshape(samples, devices, channels, -1)
                        .transpose(1, 0, 2, 3)
                        .reshape(shape)
                : y.reshape(shape);
    }

    // S copies, one after the other, in the step's manager
    private static NDArray repeat(NDArray values, int times, NDManager scope) {
        NDArray copies = NDArrays.concat(new NDList(Collections.nCopies(times, values)), 0);
        copies.attach(scope);
        return copies;
    }
}

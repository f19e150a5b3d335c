package org.millrace.encoder.network;

import static org.millrace.contract.Check.check;

/**
 * Where batch norm takes its mean and variance from in one forward pass.
 *
 * <p>Training on several virtual devices keeps a query from recognising its key by the batch statistics that they share (He et al. 2020,
 * section 3.3). On one machine the split is interleaved, as in MoCo's CIFAR demonstration: device s has the samples n with n mod S = s.
 *
 * @param devices 0: the running statistics; 1: the batch's own; S ≥ 2: each device's part of the batch by itself
 * @param contiguous whether device s has the s-th N/S samples, as on real devices, instead of every S-th
 */
public record BatchNormMode(int devices, boolean contiguous) {
    /** The running statistics, unchanged. */
    public static final BatchNormMode EVALUATION = new BatchNormMode(0, false);

    /** The batch's statistics, which also update the running ones. */
    public static final BatchNormMode TRAINING = new BatchNormMode(1, false);

    public BatchNormMode {
        check(devices >= 0, "devices must not be negative, but was %d", devices);
    }

    /** Ordinary training, or evaluation. */
    public static BatchNormMode of(boolean training) {
        return training ? TRAINING : EVALUATION;
    }

    /** Training on S virtual devices, interleaved; N must be a multiple of S. */
    public static BatchNormMode interleaved(int devices) {
        return new BatchNormMode(devices, false);
    }

    /** Training on S virtual devices, each with consecutive samples; N must be a multiple of S. */
    public static BatchNormMode contiguous(int devices) {
        return new BatchNormMode(devices, true);
    }
}

package org.millrace.encoder.network;

import ai.djl.ndarray.NDArray;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;

/** A network from images to a feature vector each. Immutable; its weights are passed in. */
public sealed interface Backbone permits ResNet, AmdimNetwork {
    /** The network that the configuration names. */
    static Backbone of(EncoderConfig config) {
        return switch (config.architecture()) {
            case RESNET20, RESNET18, RESNET34, RESNET50 -> new ResNet(config);
            case AMDIM -> new AmdimNetwork(config);
        };
    }

    /** Length D of a feature vector. */
    int features();

    /** Declares the network's tensors, names behind {@code prefix}. */
    void declare(WeightLayout layout, String prefix);

    /** Features. images: N×C×H×W, normalised → N×D. */
    NDArray forward(NDArray images, Tensors weights, String prefix, BatchNormMode mode);
}

package org.millrace.encoder.network;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.millrace.contract.config.Architecture;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;

/**
 * A network from images to a feature vector each. Immutable; its weights are passed in.
 *
 * <p>What differs by network is a switch over {@code Architecture} without a default, so that javac names every place that a new one must
 * fill. See docs/decisions/0031-networks-by-specification.md.
 */
public sealed interface Backbone permits ResNet, VisionTransformer, AmdimNetwork {
    /** The configured network; the list of all networks, each with its specification. */
    static Backbone of(EncoderConfig config) {
        return switch (config.architecture()) {
            case RESNET20 -> residual(config, List.of(3, 3, 3), 16, false); // section 4.2's, for 32×32 images
            case RESNET18 -> residual(config, List.of(2, 2, 2, 2), 64, false);
            case RESNET34 -> residual(config, List.of(3, 4, 6, 3), 64, false);
            case RESNET50 -> residual(config, List.of(3, 4, 6, 3), 64, true);
            case VIT_TINY, VIT_SMALL, VIT_BASE -> new VisionTransformer(VisionTransformer.Specification.of(config));
            case AMDIM -> new AmdimNetwork(config);
        };
    }

    private static ResNet residual(EncoderConfig config, List<Integer> blocks, int width, boolean bottleneck) {
        return new ResNet(
                new ResNet.Specification(blocks, width, bottleneck, config.stem(), config.channels(), config.norm()));
    }

    /** Length D of a feature vector. */
    int features();

    /** What the names of each block's tensors begin with, in the order of the blocks; none where {@link Architecture#blocks} are none. */
    List<String> blockNames();

    /** Declares the network's tensors, names behind {@code prefix}. */
    void declare(WeightLayout layout, String prefix);

    /** The tensors that a file of this network has, under its own names. */
    default WeightLayout layout() {
        WeightLayout layout = new WeightLayout();
        declare(layout, "");
        return layout;
    }

    /** Features. images: N×C×H×W, normalised → N×D. */
    NDArray forward(NDArray images, Tensors weights, String prefix, BatchNormMode mode);
}

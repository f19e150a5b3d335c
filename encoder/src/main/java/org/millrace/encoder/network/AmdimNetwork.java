package org.millrace.encoder.network;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.WeightSpec.Initial;

/**
 * The encoder of augmented multiscale deep InfoMax (Bachman et al. 2019, arXiv:1906.00910, section 3.6) for 32×32 images, whose local
 * features see little of the image. Immutable.
 *
 * <p>A 3×3 convolution and six residual blocks, none padded, make maps of 30, 30, 14, 7, 5, 3 and 1 positions on each side. A
 * position of the 7×7 map sees 8×8 pixels, one of the 5×5 map 16×16, both at a distance of 4 pixels from the next; f₁ sees all and
 * ends in batch norm. Widths and depth are {@code encoder.amdim-…}.
 */
public final class AmdimNetwork implements Backbone {
    /** Prefix of {@link #matchingHead}'s tensors. */
    public static final String MATCHING_HEAD = "local7.";

    /** Positions on each side of the map f₇. */
    public static final int MATCHING_SIDE = 7;

    private static final int STEM_SIZE = 3;

    private final int inputChannels;
    private final int width;
    private final int features;
    private final List<ResidualBlock> toSeven;
    private final ResidualBlock toFive;
    private final List<ResidualBlock> toOne;

    public AmdimNetwork(EncoderConfig config) {
        this.inputChannels = config.channels();
        this.width = config.amdimChannels();
        this.features = config.amdimFeatures();
        int depth = config.amdimDepth();
        int local = localChannels();
        this.toSeven = List.of(
                new ResidualBlock("block30.", width, width, 1, 1, 1),
                new ResidualBlock("block14.", width, 2 * width, 4, 2, depth),
                new ResidualBlock("block7.", 2 * width, local, 2, 2, depth));
        this.toFive = new ResidualBlock("block5.", local, local, 3, 1, depth);
        this.toOne = List.of(
                new ResidualBlock("block3.", local, local, 3, 1, depth),
                new ResidualBlock("block1.", local, features, 3, 1, 1));
    }

    /**
     * The encoder's features of N images.
     *
     * @param f1 of the whole image, N×D
     * @param f5 N×C×5×5 with C = {@link #localChannels()}
     * @param f7 N×C×7×7
     */
    public record Maps(NDArray f1, NDArray f5, NDArray f7) {}

    @Override
    public int features() {
        return features;
    }

    /** Channels C of the maps f₅ and f₇. */
    public int localChannels() {
        return 4 * width;
    }

    /** The head φ₇ through which the objective compares f₁ with f₇. It is no part of the network, and its tensors are not declared with it. */
    public LocalHead matchingHead() {
        return new LocalHead(MATCHING_HEAD, localChannels(), features);
    }

    @Override
    public List<String> blockNames() {
        return List.of();
    }

    @Override
    public void declare(WeightLayout layout, String prefix) {
        layout.convolution(prefix + "conv", width, inputChannels, STEM_SIZE, Initial.UNIFORM_FAN_IN);
        layout.bias(prefix + "conv", width);
        toSeven.forEach(block -> block.declare(layout, prefix));
        toFive.declare(layout, prefix);
        toOne.forEach(block -> block.declare(layout, prefix));
        layout.batchNorm(prefix + "bn", features);
    }

    /** The global features f₁, which are published and evaluated. images: N×C×32×32, normalised → N×D. */
    @Override
    public NDArray forward(NDArray images, Tensors weights, String prefix, BatchNormMode mode) {
        return maps(images, weights, prefix, mode).f1();
    }

    /** Features at three scales. images: N×C×32×32, normalised. */
    public Maps maps(NDArray images, Tensors weights, String prefix, BatchNormMode mode) {
        NDArray x = Layers.relu(Layers.convolution(images, weights, prefix + "conv", 1, 0)); // N×…×30×30
        for (ResidualBlock block : toSeven) {
            x = block.forward(x, weights, prefix);
        }
        NDArray f7 = x;
        NDArray f5 = toFive.forward(f7, weights, prefix);
        x = f5;
        for (ResidualBlock block : toOne) {
            x = block.forward(x, weights, prefix);
        }
        NDArray f1 = Layers.batchNorm(x.reshape(-1, features), weights, prefix + "bn", mode); // N×D
        return new Maps(f1, f5, f7);
    }
}

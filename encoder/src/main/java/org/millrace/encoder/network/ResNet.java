package org.millrace.encoder.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.pooling.Pool;
import java.util.ArrayList;
import java.util.List;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.EncoderConfig.Architecture;
import org.millrace.contract.config.EncoderConfig.Stem;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;

/**
 * Residual network (He et al. 2015, arXiv:1512.03385) up to its pooled features, under torchvision's parameter names. Immutable.
 *
 * <p>ResNet-18, -34 and -50 have four stages of 64 to 512 channels; in a bottleneck the 3×3 convolution carries the stride
 * (torchvision's form). ResNet-20 is section 4.2's network for 32×32 images: three stages of 16 to 64 channels. Where a block
 * changes the shape its shortcut is a 1×1 convolution with batch norm (option B). The CIFAR stem is one 3×3 convolution of stride 1
 * without pooling.
 */
public final class ResNet implements Backbone {
    /** Added to a variance before its root. */
    public static final float BATCH_NORM_EPSILON = BatchNormLayer.DEFAULT.epsilon();

    private final EncoderConfig config;
    private final int[] blocks;
    private final int width;
    private final boolean bottleneck;

    public ResNet(EncoderConfig config) {
        this.config = config;
        this.blocks = switch (config.architecture()) {
            case RESNET20 -> new int[] {3, 3, 3};
            case RESNET18 -> new int[] {2, 2, 2, 2};
            case RESNET34, RESNET50 -> new int[] {3, 4, 6, 3};
            case AMDIM -> throw new IllegalArgumentException("amdim is no residual network of He et al.");
        };
        this.width = config.architecture() == Architecture.RESNET20 ? 16 : 64;
        this.bottleneck = config.architecture() == Architecture.RESNET50;
    }

    @Override
    public int features() {
        return config.features();
    }

    /** The residual blocks in their order. */
    public List<Block> blocks() {
        List<Block> all = new ArrayList<>();
        for (int stage = 0; stage < blocks.length; stage++) {
            for (int block = 0; block < blocks[stage]; block++) {
                all.add(new Block(blockName("", stage, block), stride(stage, block), bottleneck));
            }
        }
        return all;
    }

    /**
     * A residual block: two 3×3 convolutions, or a bottleneck of three. Its shortcut is a convolution where it has a tensor {@code
     * downsample.0.weight}.
     *
     * @param name before its tensors' names, with the dot
     * @param stride of its first 3×3 convolution and of its shortcut
     */
    public record Block(String name, int stride, boolean bottleneck) {}

    @Override
    public void declare(WeightLayout layout, String prefix) {
        layout.convolution(prefix + "conv1", width, config.channels(), config.stem() == Stem.CIFAR ? 3 : 7);
        layout.batchNorm(prefix + "bn1", width);
        int inputs = width;
        for (int stage = 0; stage < blocks.length; stage++) {
            int channels = width << stage;
            int outputs = bottleneck ? 4 * channels : channels;
            for (int block = 0; block < blocks[stage]; block++) {
                declareBlock(layout, blockName(prefix, stage, block), inputs, channels, outputs, stride(stage, block));
                inputs = outputs;
            }
        }
    }

    /** Pooled features. images: N×C×H×W, normalised → N×D. */
    @Override
    public NDArray forward(NDArray images, Tensors weights, String prefix, BatchNormMode mode) {
        NDArray x = stem(images, weights, prefix, mode);
        for (int stage = 0; stage < blocks.length; stage++) {
            for (int block = 0; block < blocks[stage]; block++) {
                x = block(x, weights, blockName(prefix, stage, block), stride(stage, block), mode);
            }
        }
        return Pool.globalAvgPool2d(x); // N×D
    }

    private NDArray stem(NDArray images, Tensors weights, String prefix, BatchNormMode mode) {
        boolean cifar = config.stem() == Stem.CIFAR;
        NDArray x = Layers.convolution(images, weights, prefix + "conv1", cifar ? 1 : 2, cifar ? 1 : 3);
        x = Layers.relu(Layers.batchNorm(x, weights, prefix + "bn1", mode));
        return cifar ? x : Pool.maxPool2d(x, new Shape(3, 3), new Shape(2, 2), new Shape(1, 1), false);
    }

    private NDArray block(NDArray x, Tensors weights, String name, int stride, BatchNormMode mode) {
        NDArray y;
        if (bottleneck) {
            y = Layers.convolution(x, weights, name + "conv1", 1, 0);
            y = Layers.relu(Layers.batchNorm(y, weights, name + "bn1", mode));
            y = Layers.convolution(y, weights, name + "conv2", stride, 1);
            y = Layers.relu(Layers.batchNorm(y, weights, name + "bn2", mode));
            y = Layers.convolution(y, weights, name + "conv3", 1, 0);
            y = Layers.batchNorm(y, weights, name + "bn3", mode);
        } else {
            y = Layers.convolution(x, weights, name + "conv1", stride, 1);
            y = Layers.relu(Layers.batchNorm(y, weights, name + "bn1", mode));
            y = Layers.convolution(y, weights, name + "conv2", 1, 1);
            y = Layers.batchNorm(y, weights, name + "bn2", mode);
        }
        NDArray shortcut = x;
        if (weights.named().containsKey(name + "downsample.0.weight")) {
            shortcut = Layers.convolution(x, weights, name + "downsample.0", stride, 0);
            shortcut = Layers.batchNorm(shortcut, weights, name + "downsample.1", mode);
        }
        return Layers.relu(Layers.sum(y, shortcut));
    }

    private void declareBlock(WeightLayout layout, String name, int inputs, int channels, int outputs, int stride) {
        if (bottleneck) {
            layout.convolution(name + "conv1", channels, inputs, 1);
            layout.batchNorm(name + "bn1", channels);
            layout.convolution(name + "conv2", channels, channels, 3);
            layout.batchNorm(name + "bn2", channels);
            layout.convolution(name + "conv3", outputs, channels, 1);
            layout.batchNorm(name + "bn3", outputs);
        } else {
            layout.convolution(name + "conv1", channels, inputs, 3);
            layout.batchNorm(name + "bn1", channels);
            layout.convolution(name + "conv2", channels, channels, 3);
            layout.batchNorm(name + "bn2", channels);
        }
        if (stride != 1 || inputs != outputs) {
            layout.convolution(name + "downsample.0", outputs, inputs, 1);
            layout.batchNorm(name + "downsample.1", outputs);
        }
    }

    private static int stride(int stage, int block) {
        return stage > 0 && block == 0 ? 2 : 1;
    }

    private static String blockName(String prefix, int stage, int block) {
        return prefix + "layer" + (stage + 1) + "." + block + ".";
    }
}

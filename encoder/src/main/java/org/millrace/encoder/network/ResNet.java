package org.millrace.encoder.network;

import static org.millrace.contract.Check.check;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.pooling.Pool;
import java.util.ArrayList;
import java.util.List;
import org.millrace.contract.config.EncoderConfig.Norm;
import org.millrace.contract.config.EncoderConfig.Stem;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;

/**
 * Residual network (He et al. 2015, arXiv:1512.03385) up to its pooled features, under torchvision's parameter names. Immutable.
 *
 * <p>In a bottleneck the 3×3 convolution carries the stride (torchvision's form). Where a block changes the shape its shortcut is a 1×1
 * normalised convolution (option B). The CIFAR stem is one 3×3 convolution of stride 1 without pooling.
 */
public final class ResNet implements Backbone {
    /** Added to a variance before its root. */
    public static final float BATCH_NORM_EPSILON = BatchNormLayer.DEFAULT.epsilon();

    private final Specification specification;
    private final List<ResNetBlock> blocks;

    public ResNet(Specification specification) {
        this.specification = specification;
        this.blocks = specification.list();
    }

    /**
     * The shape of a residual network.
     *
     * @param blocks residual blocks of each stage
     * @param width channels of the first stage; every further one has twice as many and half the positions on each side
     * @param bottleneck whether a block is a bottleneck, whose output has four times the stage's channels
     * @param inputs channels of the images
     */
    public record Specification(List<Integer> blocks, int width, boolean bottleneck, Stem stem, int inputs, Norm norm) {
        public Specification {
            check(!blocks.isEmpty(), "a residual network must have a stage, but had none");
            blocks = List.copyOf(blocks);
        }

        private int channels(int stage) {
            return width << stage;
        }

        private int outputs(int stage) {
            return bottleneck ? 4 * channels(stage) : channels(stage);
        }

        private List<ResNetBlock> list() {
            List<ResNetBlock> all = new ArrayList<>();
            int last = width; // channels of the block before
            for (int stage = 0; stage < blocks.size(); stage++) {
                for (int block = 0; block < blocks.get(stage); block++) {
                    String name = "layer" + (stage + 1) + "." + block + ".";
                    int stride = stage > 0 && block == 0 ? 2 : 1;
                    all.add(new ResNetBlock(name, last, channels(stage), outputs(stage), stride, bottleneck, norm));
                    last = outputs(stage);
                }
            }
            return List.copyOf(all);
        }
    }

    public Specification specification() {
        return specification;
    }

    /** The residual blocks in their order. */
    public List<ResNetBlock> blocks() {
        return blocks;
    }

    @Override
    public int features() {
        return specification.outputs(specification.blocks().size() - 1);
    }

    @Override
    public List<String> blockNames() {
        return blocks.stream().map(ResNetBlock::name).toList();
    }

    @Override
    public void declare(WeightLayout layout, String prefix) {
        int size = specification.stem() == Stem.CIFAR ? 3 : 7;
        layout.convolution(prefix + "conv1", specification.width(), specification.inputs(), size);
        Layers.declareNorm(specification.norm(), layout, prefix + "bn1", specification.width());
        blocks.forEach(block -> block.declare(layout, prefix));
    }

    /** Pooled features. images: N×C×H×W, normalised → N×D. */
    @Override
    public NDArray forward(NDArray images, Tensors weights, String prefix, BatchNormMode mode) {
        NDArray x = stem(images, weights, prefix, mode);
        for (ResNetBlock block : blocks) {
            x = block.forward(x, weights, prefix, mode);
        }
        return Pool.globalAvgPool2d(x); // N×D
    }

    private NDArray stem(NDArray images, Tensors weights, String prefix, BatchNormMode mode) {
        boolean cifar = specification.stem() == Stem.CIFAR;
        NDArray x = Layers.convolution(images, weights, prefix + "conv1", cifar ? 1 : 2, cifar ? 1 : 3);
        x = Layers.relu(Layers.norm(specification.norm(), x, weights, prefix + "bn1", mode));
        return cifar ? x : Pool.maxPool2d(x, new Shape(3, 3), new Shape(2, 2), new Shape(1, 1), false);
    }
}

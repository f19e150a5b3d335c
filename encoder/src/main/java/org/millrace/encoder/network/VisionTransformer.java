package org.millrace.encoder.network;

import static org.millrace.contract.Check.check;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.stream.IntStream;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.TransformerSettings.PatchProjection;
import org.millrace.contract.config.TransformerSettings.Pool;
import org.millrace.contract.config.TransformerSettings.Positions;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.WeightSpec.Initial;

/**
 * Vision transformer (Dosovitskiy et al. 2021, arXiv:2010.11929) with layer norm before attention and perceptron, up to its normalised
 * features, under timm's parameter names. Immutable.
 *
 * <p>Each P×P patch becomes a token of D channels by one linear map; position embeddings are added; a class token and perhaps registers
 * (Darcet et al. 2024, arXiv:2309.16588) stand before the patches. Positions: of class token and patches, 1×(1+T)×D; beside registers of
 * the patches only, 1×T×D, as timm's {@code no_embed_class} and the published DINOv2 with registers in timm's form.
 */
public final class VisionTransformer implements Backbone {
    /** Added to a variance before its root; timm's, DINO's and MoCo v3's. */
    public static final float EPSILON = 1e-6f;

    /** Blocks of the architectures that have a name here. */
    public static final int DEPTH = 12;

    public static final String PROJECTION = "patch_embed.proj";
    public static final String CLASS_TOKEN = "cls_token";
    public static final String REGISTERS = "reg_token";
    public static final String POSITIONS = "pos_embed";
    public static final String NORM = "norm";

    private final Specification specification;
    private final List<TransformerBlock> blocks;

    public VisionTransformer(Specification specification) {
        this.specification = specification;
        this.blocks = IntStream.range(0, specification.depth())
                .mapToObj(index -> new TransformerBlock(
                        "blocks." + index + ".",
                        specification.width(),
                        specification.heads(),
                        specification.layerScale()))
                .toList();
    }

    /**
     * The shape of a vision transformer.
     *
     * @param width channels D of a token; the perceptrons' hidden layers have four times as many
     * @param depth blocks
     * @param heads of attention, a divisor of the width
     * @param patch side of a patch in pixels
     * @param rows of patches
     * @param columns patches in a row
     * @param inputs channels of the images
     * @param registers further tokens beside the class token
     * @param layerScale whether each residual is scaled channel by channel (Touvron et al. 2021, arXiv:2103.17239)
     * @param positions whose fixed form needs a width that 4 divides
     * @param projection whether the patches' linear map is learned
     */
    public record Specification(
            int width,
            int depth,
            int heads,
            int patch,
            int rows,
            int columns,
            int inputs,
            int registers,
            boolean layerScale,
            Pool pool,
            Positions positions,
            PatchProjection projection) {
        public Specification {
            check(depth >= 1, "a transformer must have a block, but had %d", depth);
            check(width % heads == 0, "heads must divide the width (%d), but were %d", width, heads);
            check(
                    positions == Positions.LEARNED || width % 4 == 0,
                    "fixed positions need a width that 4 divides, but it was %d",
                    width);
        }

        static Specification of(EncoderConfig config) {
            return new Specification(
                    config.architecture().width(),
                    DEPTH,
                    config.attentionHeads(),
                    config.patch(),
                    config.patchRows(),
                    config.patchColumns(),
                    config.channels(),
                    config.registers(),
                    config.layerScale(),
                    config.pool(),
                    config.positions(),
                    config.patchProjection());
        }

        /** Number T of patches. */
        public int patches() {
            return rows * columns;
        }

        /** Tokens before the patches: the class token and the registers. */
        public int tokensBefore() {
            return 1 + registers;
        }

        /** Length of the position embeddings. */
        public int embedded() {
            return registers == 0 ? 1 + patches() : patches();
        }
    }

    public Specification specification() {
        return specification;
    }

    /** The blocks in their order. */
    public List<TransformerBlock> blocks() {
        return blocks;
    }

    @Override
    public int features() {
        return specification.width();
    }

    @Override
    public List<String> blockNames() {
        return blocks.stream().map(TransformerBlock::name).toList();
    }

    @Override
    public void declare(WeightLayout layout, String prefix) {
        int width = specification.width();
        Shape positions = new Shape(1, specification.embedded(), width);
        layout.parameter(prefix + CLASS_TOKEN, new Shape(1, 1, width), Initial.NORMAL_TINY);
        if (specification.registers() > 0) {
            layout.parameter(prefix + REGISTERS, new Shape(1, specification.registers(), width), Initial.NORMAL_TINY);
        }
        switch (specification.positions()) {
            case LEARNED -> layout.parameter(prefix + POSITIONS, positions, Initial.NORMAL_SMALL);
            case SINE -> layout.buffer(prefix + POSITIONS, positions, SinePositions.of(specification));
        }
        Shape kernel = new Shape(width, specification.inputs(), specification.patch(), specification.patch());
        switch (specification.projection()) {
            case LEARNED -> {
                layout.parameter(prefix + PROJECTION + ".weight", kernel, Initial.XAVIER);
                layout.parameter(prefix + PROJECTION + ".bias", new Shape(width), Initial.ZERO);
            }
            case FROZEN -> {
                layout.buffer(prefix + PROJECTION + ".weight", kernel, Initial.XAVIER);
                layout.buffer(prefix + PROJECTION + ".bias", new Shape(width), Initial.ZERO);
            }
        }
        blocks.forEach(block -> block.declare(layout, prefix));
        layout.layerNorm(prefix + NORM, width);
    }

    /** Features. images: N×C×H×W, normalised → N×D. */
    @Override
    public NDArray forward(NDArray images, Tensors weights, String prefix, BatchNormMode mode) {
        NDArray x = tokens(images, weights, prefix); // N×(1+R+T)×D
        for (TransformerBlock block : blocks) {
            x = block.forward(x, weights, prefix);
        }
        return switch (specification.pool()) {
            case CLASS -> Layers.layerNorm(x.get(new NDIndex(":, 0")), weights, prefix + NORM, EPSILON);
            case MEAN -> {
                NDArray patches = x.get(new NDIndex(":, " + specification.tokensBefore() + ":")); // N×T×D
                yield Layers.layerNorm(patches, weights, prefix + NORM, EPSILON).mean(new int[] {1});
            }
        };
    }

    private NDArray tokens(NDArray images, Tensors weights, String prefix) {
        long count = images.getShape().get(0);
        long width = specification.width();
        NDArray map = Layers.convolution(images, weights, prefix + PROJECTION, specification.patch(), 0); // N×D×H'×W'
        check(
                map.getShape().get(2) == specification.rows() && map.getShape().get(3) == specification.columns(),
                "images must have %d×%d patches, but their shape was %s",
                specification.rows(),
                specification.columns(),
                images.getShape());
        NDArray patches = map.transpose(0, 2, 3, 1).reshape(count, specification.patches(), width); // N×T×D
        NDArray first = weights.get(prefix + CLASS_TOKEN).broadcast(new Shape(count, 1, width));
        NDArray positions = weights.get(prefix + POSITIONS);
        if (specification.registers() == 0) {
            return NDArrays.concat(new NDList(first, patches), 1).add(positions);
        }
        NDArray registers =
                weights.get(prefix + REGISTERS).broadcast(new Shape(count, specification.registers(), width));
        return NDArrays.concat(new NDList(first, registers, patches.add(positions)), 1);
    }
}

package org.millrace.encoder;

import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.millrace.contract.config.Architecture;
import org.millrace.contract.config.TransformerSettings.PatchProjection;
import org.millrace.contract.config.TransformerSettings.Pool;
import org.millrace.contract.config.TransformerSettings.Positions;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.VisionTransformer;

/**
 * What the tensors of a vision transformer say of it, under timm's names.
 *
 * @param width of a token
 * @param depth blocks
 * @param patch side in pixels
 * @param side patches on each side of the images that it was trained on; 0 where their number is no square's
 */
record TransformerShape(int width, int depth, int patch, int channels, int registers, boolean layerScale, int side) {
    private static final int BLOCKS = 1000; // more than any has
    private static final String KERNEL = VisionTransformer.PROJECTION + ".weight";

    /** The shape, or empty where there is no projection of patches or no class token. */
    static Optional<TransformerShape> of(Safetensors file) {
        Set<String> names = file.names();
        if (!names.containsAll(Set.of(KERNEL, VisionTransformer.POSITIONS, VisionTransformer.CLASS_TOKEN))
                || file.shape(KERNEL).length != 4
                || file.shape(VisionTransformer.POSITIONS).length != 3) {
            return Optional.empty();
        }
        long[] kernel = file.shape(KERNEL); // D×C×P×P
        int depth = (int) Stream.iterate(0, i -> i < BLOCKS, i -> i + 1)
                .takeWhile(i -> names.contains("blocks." + i + ".norm1.weight"))
                .count();
        boolean registered = names.contains(VisionTransformer.REGISTERS);
        int registers = registered && file.shape(VisionTransformer.REGISTERS).length == 3
                ? (int) file.shape(VisionTransformer.REGISTERS)[1]
                : 0;
        long patches = file.shape(VisionTransformer.POSITIONS)[1] - (registered ? 0 : 1);
        int side = (int) Math.round(Math.sqrt((double) patches));
        return Optional.of(new TransformerShape(
                (int) kernel[0],
                depth,
                (int) kernel[2],
                (int) kernel[1],
                registers,
                names.contains("blocks.0.ls1.gamma"),
                (long) side * side == patches ? side : 0));
    }

    /** The architecture of that width and depth, if Millrace has it. */
    Optional<Architecture> architecture() {
        return Stream.of(Architecture.values())
                .filter(Architecture::isTransformer)
                .filter(each -> each.width() == width && depth == VisionTransformer.DEPTH)
                .findFirst();
    }

    /** The network of these shapes at the size of its training. */
    VisionTransformer network(int heads) {
        return new VisionTransformer(new VisionTransformer.Specification(
                width,
                depth,
                heads,
                patch,
                side,
                side,
                channels,
                registers,
                layerScale,
                Pool.CLASS,
                Positions.LEARNED,
                PatchProjection.LEARNED));
    }

    /** The settings on which the tensors' shapes depend. */
    String words() {
        return architecture()
                        .map(Architecture::key)
                        .map("encoder.architecture="::concat)
                        .orElse("width " + width + ", depth " + depth)
                + ", encoder.patch=" + patch + ", encoder.registers=" + registers + ", encoder.layer-scale="
                + layerScale
                + ", encoder.channels=" + channels;
    }
}

package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import org.millrace.contract.config.Setting.Effect;
import org.millrace.contract.config.TransformerSettings.PatchProjection;
import org.millrace.contract.config.TransformerSettings.Pool;
import org.millrace.contract.config.TransformerSettings.Positions;

/**
 * The network and its input. Images of another size are resized, of another number of channels converted.
 *
 * @param mean subtracted from each channel in [0, 1], RGB order
 * @param standardDeviation divided by after that
 * @param initialWeights path of the file that holds them, or blank
 * @param initialWeightsPrefix before the names in that file; blank to find it
 * @param train what the optimiser changes; a published encoder is the same network whatever it was
 * @param precision of a process that embeds with a published encoder; a manifest's is that of its trainer's own configuration, and unused
 */
public record EncoderConfig(
        @Setting(
                value = "resnet20",
                doc =
                        "`resnet20` (CIFAR form), `resnet18`, `resnet34`, `resnet50`, a vision transformer `vit-tiny`, `vit-small` or `vit-base`, or `amdim` for that objective",
                effect = Effect.STRUCTURE)
        Architecture architecture,

        @Setting(
                value = "cifar",
                doc = "`cifar` (3×3, stride 1) or `imagenet` (7×7, stride 2, max-pool); resnet20 is always cifar",
                effect = Effect.STRUCTURE)
        Stem stem,

        @Setting(
                value = "64",
                doc = "amdim: channels of the first layer, ndf; the later stages have 2 and 4 times as many",
                effect = Effect.STRUCTURE)
        int amdimChannels,

        @Setting(value = "256", doc = "amdim: length of the features f1, f5 and f7, n_rkhs", effect = Effect.STRUCTURE)
        int amdimFeatures,

        @Setting(value = "2", doc = "amdim: residual blocks in a stage, n_depth", effect = Effect.STRUCTURE)
        int amdimDepth,

        @Setting(value = "32", doc = "input height in pixels, 16 to 512", effect = Effect.STRUCTURE)
        int height,

        @Setting(value = "32", doc = "input width in pixels, 16 to 512", effect = Effect.STRUCTURE)
        int width,

        @Setting(value = "3", doc = "input channels, 1 (grey) or 3 (RGB)", effect = Effect.STRUCTURE)
        int channels,

        @Setting(
                value = "0.4914,0.4822,0.4465",
                doc = "mean of each channel, in [0, 1]; one value applies to all",
                effect = Effect.STRUCTURE)
        List<Float> mean,

        @Setting(
                value = "0.2470,0.2435,0.2616",
                doc = "standard deviation of each channel; one value applies to all",
                effect = Effect.STRUCTURE)
        List<Float> standardDeviation,

        @Setting(
                value = "",
                doc =
                        "safetensors file that the encoder starts from, under torchvision's names (ResNets), timm's (vit) or those of docs/weights.md; heads are left out; blank: random",
                effect = Effect.STRUCTURE)
        String initialWeights,

        @Setting(
                value = "",
                doc = "prefix of the encoder's names in that file, such as `module.encoder_q.`; blank: detected",
                effect = Effect.STRUCTURE)
        String initialWeightsPrefix,

        @Setting(
                value = "fp32",
                doc =
                        "arithmetic of published encoders in evaluator, drift and embed, each by its own configuration: `fp32`, `bf16` or `fp16`; after a change for drift, rebase it",
                effect = Effect.NONE)
        Precision precision,

        @Setting(
                value = "batch",
                doc =
                        "normalisation in a ResNet: `batch`, or `group` (32 groups of channels, with fewer than 64 channels groups of two), which does not depend on the other images of the batch",
                effect = Effect.STRUCTURE)
        Norm norm,

        @Setting(
                value = "4",
                doc = "vit: side of a patch in pixels, 4, 8, 14 or 16; encoder.height and encoder.width are multiples",
                effect = Effect.STRUCTURE)
        int patch,

        @Setting(
                value = "class",
                doc = "vit: the features are the `class` token, or the `mean` of the patches' tokens",
                effect = Effect.STRUCTURE)
        Pool pool,

        @Setting(value = "0", doc = "vit: register tokens beside the class token, 0 or 4", effect = Effect.STRUCTURE)
        int registers,

        @Setting(
                value = "false",
                doc = "vit: LayerScale, a learned factor of each channel after attention and perceptron, at first 1e-5",
                effect = Effect.STRUCTURE)
        boolean layerScale,

        @Setting(
                value = "0",
                doc =
                        "vit: heads of attention, a divisor of the width; 0 takes the architecture's own, 3, 6 or 12. MoCo v3's vit-small has 12",
                effect = Effect.STRUCTURE)
        int heads,

        @Setting(
                value = "learned",
                doc =
                        "vit: position embeddings: `learned`, or `sine`, MoCo v3's fixed sines and cosines of row and column",
                effect = Effect.STRUCTURE)
        Positions positions,

        @Setting(
                value = "learned",
                doc =
                        "vit: projection of patches: `learned`, or `frozen` as it begins, which keeps MoCo v3 stable (section 4.2 of its paper)",
                effect = Effect.STRUCTURE)
        PatchProjection patchProjection,

        @Setting(
                value = "all",
                doc =
                        "what learns of the encoder: `all`, its `last-blocks` alone, or `lora` (vit): the last blocks, all norms, and low-rank adapters in the other blocks",
                effect = Effect.STRUCTURE)
        Learning train,

        @Setting(
                value = "1",
                doc = "`encoder.train=last-blocks` or `lora`: blocks at the end that learn whole; with lora also 0",
                effect = Effect.STRUCTURE)
        int trainedBlocks,

        @Setting(value = "8", doc = "lora: rank of an adapter", effect = Effect.STRUCTURE)
        int loraRank,

        @Setting(value = "16", doc = "lora: α; what an adapter adds is scaled by α / rank", effect = Effect.STRUCTURE)
        double loraAlpha,

        @Setting(
                value = "qkv",
                doc =
                        "lora: layers of a block that are adapted, of `qkv`, `proj`, `fc1` and `fc2`, with commas between them",
                effect = Effect.STRUCTURE)
        String loraTargets) {
    public EncoderConfig {
        check(architecture != null && stem != null, "encoder.architecture and encoder.stem must be given");
        check(height >= 16 && height <= 512, "encoder.height must be in [16, 512], but was %d", height);
        check(width >= 16 && width <= 512, "encoder.width must be in [16, 512], but was %d", width);
        check(channels == 1 || channels == 3, "encoder.channels must be 1 or 3, but was %d", channels);
        check(
                architecture.stems().isEmpty() || architecture.stems().contains(stem),
                "encoder.stem must be %s for %s, but was %s",
                architecture.stems().stream().map(Stem::key).collect(Collectors.joining(" or ")),
                architecture.key(),
                stem.key());
        if (architecture == Architecture.AMDIM) {
            AmdimSettings.check(height, width, amdimChannels, amdimFeatures, amdimDepth);
        }
        check(mean.size() == 1 || mean.size() == 3, "encoder.mean must have 1 or 3 values, but had %d", mean.size());
        check(
                standardDeviation.size() == 1 || standardDeviation.size() == 3,
                "encoder.standard-deviation must have 1 or 3 values, but had %d",
                standardDeviation.size());
        check(
                standardDeviation.stream().allMatch(s -> s > 0),
                "encoder.standard-deviation must be positive, but was %s",
                standardDeviation);
        mean = List.copyOf(mean);
        standardDeviation = List.copyOf(standardDeviation);
        initialWeights = Objects.requireNonNullElse(initialWeights, ""); // older manifests lack these three
        initialWeightsPrefix = Objects.requireNonNullElse(initialWeightsPrefix, "");
        precision = Objects.requireNonNullElse(precision, Precision.FP32);
        norm = Objects.requireNonNullElse(norm, Norm.BATCH); // manifests before it
        check(
                norm == Norm.BATCH || (architecture != Architecture.AMDIM && !architecture.isTransformer()),
                "encoder.norm must be batch for %s, but was %s",
                architecture.key(),
                norm.key());
        pool = Objects.requireNonNullElse(pool, Pool.CLASS); // manifests before transformers lack these
        positions = Objects.requireNonNullElse(positions, Positions.LEARNED);
        patchProjection = Objects.requireNonNullElse(patchProjection, PatchProjection.LEARNED);
        if (architecture.isTransformer()) {
            TransformerSettings.check(architecture, height, width, patch, registers, heads);
        } else {
            patch = patch == 0 ? TransformerSettings.SMALLEST_PATCH : patch;
        }
        train = Objects.requireNonNullElse(train, Learning.ALL); // manifests before it
        loraTargets = Objects.requireNonNullElse(loraTargets, "");
        Learning.check(architecture, train, trainedBlocks, loraRank, loraAlpha, loraTargets);
    }

    /** Rows of patches in an image. */
    public int patchRows() {
        return height / patch;
    }

    /** Patches in a row. */
    public int patchColumns() {
        return width / patch;
    }

    /** Heads of attention of a transformer. */
    public int attentionHeads() {
        return heads > 0 ? heads : architecture.width() / TransformerSettings.HEAD_CHANNELS;
    }

    /** The same input to another network, which begins at random. */
    public EncoderConfig withNetwork(Architecture other, Stem otherStem, int otherChannels, Norm otherNorm) {
        return new EncoderConfig(
                other,
                otherStem,
                amdimChannels,
                amdimFeatures,
                amdimDepth,
                height,
                width,
                otherChannels,
                mean,
                standardDeviation,
                "",
                "",
                precision,
                otherNorm,
                patch,
                pool,
                registers,
                layerScale,
                architecture == other ? heads : 0,
                positions,
                patchProjection,
                Learning.ALL,
                trainedBlocks,
                loraRank,
                loraAlpha,
                loraTargets);
    }

    /** The layers of a block that are adapted, as {@code encoder.lora-targets} names them. */
    public List<String> adaptedLayers() {
        return Learning.names(loraTargets);
    }

    public float meanOf(int channel) {
        return mean.get(Math.min(channel, mean.size() - 1));
    }

    public float standardDeviationOf(int channel) {
        return standardDeviation.get(Math.min(channel, standardDeviation.size() - 1));
    }

    /** What the layers of a ResNet are normalised over while training. */
    public enum Norm {
        /** A channel's values in all images of the batch. */
        BATCH,
        /** The values of a group of channels in one image (Wu and He 2018, arXiv:1803.08494). */
        GROUP;

        /** As the configuration has it. */
        public String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The first layers. */
    public enum Stem {
        CIFAR,
        IMAGENET;

        /** As the configuration has it. */
        public String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}

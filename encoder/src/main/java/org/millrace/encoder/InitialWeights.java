package org.millrace.encoder;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.FileNames;
import org.millrace.contract.Sha256;
import org.millrace.contract.UserException;
import org.millrace.contract.config.Architecture;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.EncoderConfig.Norm;
import org.millrace.contract.config.EncoderConfig.Stem;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.network.VisionTransformer;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The weights that {@code encoder.initial-weights} names, for an encoder that does not start at random: a safetensors file under
 * torchvision's names, perhaps behind a prefix as other programs save them ({@code module.encoder_q.}). Classifiers and heads ({@code
 * fc.*}, {@code head.*}) and what lies outside the prefix are left out, which the log says; counters of batches are, too.
 */
public final class InitialWeights {
    private static final Logger log = LoggerFactory.getLogger(InitialWeights.class);
    private static final String KEY = "encoder.initial-weights";
    private static final int LINES = 20;

    private InitialWeights() {}

    /**
     * The file's tensors, or empty where the configuration names none. Throws {@link UserException} with everything that keeps the file
     * from being exactly the configured encoder.
     */
    public static Optional<Safetensors> of(EncoderConfig config) {
        return found(config).map(found -> {
            log.info(
                    "the encoder starts from the weights of {}{}, SHA-256 {}",
                    found.path(),
                    found.prefix().isEmpty() ? "" : " under " + found.prefix(),
                    found.sha256());
            found.leftOut()
                    .ifPresent(names -> log.info("left out of {}, not part of the encoder: {}", found.path(), names));
            return found.encoder();
        });
    }

    /** Whether the configuration names a file that is not there. */
    public static boolean isGone(EncoderConfig config) {
        return !config.initialWeights().isBlank() && !Files.exists(FileNames.path(config.initialWeights()));
    }

    /** Throws as {@link #of(EncoderConfig)}: to be called before anything of a run is made. */
    public static void require(EncoderConfig config) {
        var unused = found(config);
    }

    /** What a file has for the encoder. */
    private record Found(Path path, String prefix, String sha256, Optional<String> leftOut, Safetensors encoder) {}

    private static Optional<Found> found(EncoderConfig config) {
        if (config.initialWeights().isBlank()) {
            return Optional.empty();
        }
        Path path = FileNames.path(config.initialWeights());
        byte[] bytes = read(KEY, path, "or leave the key blank to start at random");
        Safetensors file = parse(path, bytes);
        String prefix = config.initialWeightsPrefix().isBlank()
                ? ForeignNames.prefix(layout(config), file)
                : config.initialWeightsPrefix();
        if (file.part(prefix).names().isEmpty()) {
            throw new UserException(KEY + "-prefix is " + prefix + ", but no tensor of " + path
                    + " begins with it. Its names begin with " + String.join(", ", ForeignNames.beginnings(file))
                    + ".\nSet one of these, or leave the key blank to have it found.");
        }
        List<String> others = config.initialWeightsPrefix().isBlank()
                ? ForeignNames.othersAsWhole(layout(config), file, prefix)
                : List.of();
        if (!others.isEmpty()) {
            throw new UserException(KEY + " is " + path + ", which has several whole encoders: under " + prefix + ", "
                    + String.join(", ", others) + "\nSet " + KEY + "-prefix to the one to start from.");
        }
        Safetensors part = fitted(config, file.part(prefix));
        List<String> misfits = misfits(config, part);
        if (!misfits.isEmpty()) {
            throw new UserException(refusal(path, config, file, prefix, misfits));
        }
        Safetensors encoder = part.only(layout(config).names());
        Heads.problem(config, encoder.metadata(), prefix).ifPresent(problem -> {
            throw new UserException(KEY + " is " + path + ", " + problem);
        });
        encoder.wrongValue().ifPresent(wrong -> {
            throw new UserException(KEY + " is " + path + ", whose " + wrong
                    + ".\nThe training that made it diverged, or the file is damaged: name another file.");
        });
        return Optional.of(
                new Found(path, prefix, Sha256.of(bytes), ForeignNames.leftOut(layout(config), file, prefix), encoder));
    }

    /** The same, with features that are finite; throws {@link UserException} where one is not. */
    public static Optional<Safetensors> of(Torch torch, EncoderConfig config) {
        Optional<Safetensors> weights = of(config);
        weights.flatMap(file -> FeatureTrial.problem(torch, config, file)).ifPresent(wrong -> {
            throw new UserException(
                    KEY + " is " + config.initialWeights() + ", whose values are finite, but so large that " + wrong
                            + ".\nThe training that made it diverged, or the file is damaged: name another file.");
        });
        return weights;
    }

    /** A file that a setting names; what else the user may do comes behind "Name a safetensors file, ". */
    static byte[] read(String key, Path path, String otherwise) {
        try {
            return Files.readAllBytes(path);
        } catch (IOException e) {
            String reason = e instanceof NoSuchFileException ? "there is no such file" : String.valueOf(e.getMessage());
            throw new UserException(
                    key + " is " + path + ", which cannot be read: " + reason + ".\nName a safetensors file, "
                            + otherwise + ".",
                    e);
        }
    }

    private static Safetensors parse(Path path, byte[] bytes) {
        try {
            return ForeignTensors.translated(Safetensors.parse(bytes));
        } catch (IllegalArgumentException e) {
            throw new UserException(
                    KEY + " is " + path + ", which is not a safetensors file: " + e.getMessage() + ".\n"
                            + PickledFile.conversion(path),
                    e);
        }
    }

    private static WeightLayout layout(EncoderConfig config) {
        return Backbone.of(config).layout();
    }

    private static List<String> misfits(EncoderConfig config, Safetensors file) {
        return layout(config).misfits(file, ForeignNames::mayStandBeside);
    }

    private static String refusal(
            Path path, EncoderConfig config, Safetensors file, String prefix, List<String> misfits) {
        StringBuilder text = new StringBuilder(KEY + " is " + path + ", which does not fit " + words(config)
                + (prefix.isEmpty() ? ":" : " under the prefix " + prefix + ":"));
        misfits.stream().limit(LINES).forEach(line -> text.append("\n  ").append(line));
        if (misfits.size() > LINES) {
            text.append("\n  and ").append(misfits.size() - LINES).append(" more like these");
        }
        Optional<EncoderConfig> fitting = alternatives(config).stream()
                .filter(other -> {
                    String found = ForeignNames.prefix(layout(other), file);
                    return misfits(other, file.part(found)).isEmpty();
                })
                .findFirst();
        Optional<String> transformer = TransformerShape.of(file.part(
                        ForeignEncoder.prefixes(file).stream().findFirst().orElse("")))
                .map(TransformerShape::words);
        if (transformer.isPresent() && !transformer.get().equals(words(config))) {
            text.append("\nThe file is that of a vision transformer with ")
                    .append(transformer.get())
                    .append(": set these keys, or name another file.");
        } else if (fitting.isPresent()) {
            text.append("\nThe file fits ")
                    .append(words(fitting.get()))
                    .append(": set these keys, or name another file.");
            if (config.channels() < fitting.get().channels()) {
                text.append(" Its first convolution takes RGB, not grey; with encoder.channels=3 grey images are"
                        + " converted as they are read.");
            }
        } else {
            text.append("\nThe tensors must be those of ")
                    .append(source(config))
                    .append(
                            ", under its names; where something stands before them, encoder.initial-weights-prefix names"
                                    + " it. The names begin with ")
                    .append(String.join(", ", ForeignNames.beginnings(file)))
                    .append(".");
        }
        return text.toString();
    }

    /** A file with its position embeddings resampled to the input, where it has any. */
    static Safetensors fitted(EncoderConfig config, Safetensors file) {
        return Backbone.of(config) instanceof VisionTransformer transformer
                ? Positions.fitted(file, transformer.specification())
                : file;
    }

    /** Residual networks of every stem, norm and number of channels, at this input's size. */
    static List<EncoderConfig> alternatives(EncoderConfig config) {
        List<EncoderConfig> all = new ArrayList<>();
        for (Architecture architecture : Architecture.values()) {
            List<Stem> stems = switch (architecture) {
                case RESNET20, RESNET18, RESNET34, RESNET50 -> architecture.stems();
                case VIT_TINY, VIT_SMALL, VIT_BASE, AMDIM ->
                    List.of(); // what it depends on is settings, too many to try
            };
            for (Stem stem : stems) {
                for (int channels : new int[] {1, 3}) {
                    for (Norm norm : Norm.values()) {
                        all.add(config.withNetwork(architecture, stem, channels, norm));
                    }
                }
            }
        }
        return all;
    }

    /** The settings on which the tensors' shapes depend. */
    private static String words(EncoderConfig config) {
        String channels = ", encoder.channels=" + config.channels();
        String own = switch (config.architecture()) {
            case RESNET20, RESNET18, RESNET34, RESNET50 ->
                "encoder.stem=" + config.stem().key() + channels + ", encoder.norm="
                        + config.norm().key();
            case VIT_TINY, VIT_SMALL, VIT_BASE ->
                "encoder.patch=" + config.patch() + ", encoder.registers=" + config.registers()
                        + ", encoder.layer-scale=" + config.layerScale() + channels;
            case AMDIM ->
                "encoder.amdim-channels=" + config.amdimChannels() + ", encoder.amdim-features="
                        + config.amdimFeatures() + ", encoder.amdim-depth=" + config.amdimDepth() + channels;
        };
        return "encoder.architecture=" + config.architecture().key() + ", " + own;
    }

    /** Whose tensors fit the configured network. */
    private static String source(EncoderConfig config) {
        return switch (config.architecture()) {
            case RESNET20, RESNET18, RESNET34, RESNET50 -> "torchvision's ResNet of that architecture and norm";
            case VIT_TINY, VIT_SMALL, VIT_BASE -> "timm's vision transformer of that architecture";
            case AMDIM -> "an amdim encoder with these settings, as Millrace exports it";
        };
    }
}

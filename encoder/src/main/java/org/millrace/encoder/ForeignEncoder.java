package org.millrace.encoder;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.millrace.contract.UserException;
import org.millrace.contract.config.Architecture;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.tensor.WeightLayout;

/**
 * The encoder in another program's file of weights, recognised by its tensors.
 *
 * @param source whose names they are, in words
 * @param prefix of the encoder's names in the file
 * @param settings of the network, by key
 * @param remarks what the file does not say, or what to heed
 * @param leftOut tensors that are not the encoder's, by reason
 * @param weights under our names
 */
public record ForeignEncoder(
        String source,
        String prefix,
        Map<String, String> settings,
        List<String> remarks,
        Map<String, List<String>> leftOut,
        Safetensors weights) {
    private static final String PATCHES = "patch_embed.proj.weight";
    private static final String RESIDUAL = "layer1.0.conv1.weight";
    private static final int LINES = 12;
    private static final int LARGEST = 512; // side of an input

    public ForeignEncoder {
        leftOut = Map.copyOf(leftOut);
    }

    /**
     * Reads a file.
     *
     * @param chosen prefix of the encoder's names; blank to find it
     * @throws UserException that says what the file is instead
     */
    public static ForeignEncoder of(Path path, byte[] bytes, String chosen, EncoderConfig base) {
        Safetensors file = parsed(path, bytes);
        List<String> prefixes = prefixes(file);
        if (prefixes.isEmpty()) {
            throw new UserException(path + " has no encoder that Millrace knows: none of its tensors is named "
                    + RESIDUAL
                    + " (ResNet) or " + PATCHES + " (vision transformer), behind any prefix. Its names begin with "
                    + String.join(", ", ForeignNames.beginnings(file)) + ".");
        }
        long whole = prefixes.stream()
                .filter(each -> !ForeignNames.isOtherHalf(each))
                .count();
        if (chosen.isBlank() && whole > 1 && !prefixes.contains("")) {
            throw new UserException(path + " has several encoders: under "
                    + String.join(
                            ", ", prefixes.stream().map(ForeignEncoder::quoted).toList())
                    + ".\nName the one to take: millrace import FILE --prefix PREFIX.");
        }
        String prefix = chosen.isBlank() ? prefixes.get(0) : chosen;
        if (!prefixes.contains(prefix)) {
            throw new UserException("--prefix is " + prefix + ", but the encoders of " + path + " have the prefixes "
                    + String.join(
                            ", ", prefixes.stream().map(ForeignEncoder::quoted).toList()) + ".");
        }
        Safetensors part = file.part(prefix);
        ForeignEncoder found = part.names().contains(PATCHES)
                ? transformer(path, file, prefix, part)
                : residual(path, file, prefix, part, base);
        found.weights().wrongValue().ifPresent(wrong -> {
            throw new UserException(path + " cannot be used: " + wrong
                    + ".\nThe training that made it diverged, or the file is damaged: import another file.");
        });
        return found;
    }

    /** Prefixes of encoders in the file, that of the half to take before that of a momentum encoder. */
    static List<String> prefixes(Safetensors file) {
        return file.names().stream()
                .flatMap(name -> Stream.of(PATCHES, RESIDUAL)
                        .filter(end -> name.equals(end) || name.endsWith("." + end))
                        .map(end -> name.substring(0, name.length() - end.length())))
                .distinct()
                .sorted(Comparator.comparing(ForeignNames::isOtherHalf))
                .toList();
    }

    private static Safetensors parsed(Path path, byte[] bytes) {
        if (PickledFile.is(bytes)) {
            throw new UserException(
                    path + " is a file of PyTorch's own (a pickle), which is a program and is not run.\n"
                            + PickledFile.conversion(path));
        }
        try {
            return ForeignTensors.translated(Safetensors.parse(bytes));
        } catch (IllegalArgumentException e) {
            throw new UserException(path + " is not a safetensors file: " + e.getMessage() + ".", e);
        }
    }

    private static ForeignEncoder transformer(Path path, Safetensors file, String prefix, Safetensors part) {
        TransformerShape shape = TransformerShape.of(part)
                .orElseThrow(() ->
                        new UserException(path + " has a vision transformer without class token or position embeddings"
                                + " of its own, which Millrace does not have."));
        Architecture architecture = shape.architecture()
                .orElseThrow(
                        () -> new UserException(
                                path + " has a vision transformer of width " + shape.width() + " and depth "
                                        + shape.depth()
                                        + ". Millrace has vit-tiny (192), vit-small (384) and vit-base (768), each of depth 12."));
        if (shape.side() == 0) {
            throw new UserException(path + " has " + part.shape("pos_embed")[1]
                    + " position embeddings, which are not those of a square of patches"
                    + (shape.registers() == 0 ? " and a class token." : "."));
        }
        Optional<Integer> said = Heads.said(architecture, part.metadata(), prefix);
        int heads = said.orElse(Heads.own(architecture));
        WeightLayout layout = shape.network(heads).layout();
        refuseMisfits(path, layout, part, "a vision transformer with " + shape.words());
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("encoder.architecture", architecture.key());
        settings.put("encoder.patch", String.valueOf(shape.patch()));
        settings.put("encoder.registers", String.valueOf(shape.registers()));
        settings.put("encoder.layer-scale", String.valueOf(shape.layerScale()));
        settings.put("encoder.heads", String.valueOf(heads));
        settings.put("encoder.channels", String.valueOf(shape.channels()));
        int side = shape.side() * shape.patch();
        List<String> remarks = new ArrayList<>();
        if (side <= LARGEST) {
            settings.put("encoder.height", String.valueOf(side));
            settings.put("encoder.width", String.valueOf(side));
        } else {
            remarks.add("It was trained on images of " + side + "×" + side + ", and Millrace's inputs have at most "
                    + LARGEST + "×" + LARGEST + ".");
        }
        remarks.add("Of an input of another size, a multiple of " + shape.patch()
                + ", position embeddings are resampled (bicubic) when a run starts from the file.");
        if (said.isEmpty()) {
            remarks.add("Tensors do not show the number of heads; " + heads + " is that of timm, DINO and DINOv2.");
        }
        return new ForeignEncoder(
                source(file, prefix),
                prefix,
                settings,
                remarks,
                leftOut(file, prefix, layout),
                part.only(layout.names()));
    }

    private static ForeignEncoder residual(
            Path path, Safetensors file, String prefix, Safetensors part, EncoderConfig base) {
        List<EncoderConfig> all = InitialWeights.alternatives(base);
        EncoderConfig config = all.stream()
                .filter(each -> misfits(Backbone.of(each).layout(), part).isEmpty())
                .findFirst()
                .orElseGet(() -> all.stream()
                        .min(Comparator.comparingInt(each ->
                                misfits(Backbone.of(each).layout(), part).size()))
                        .orElseThrow());
        WeightLayout layout = Backbone.of(config).layout();
        refuseMisfits(
                path,
                layout,
                part,
                "a ResNet; the nearest is " + config.architecture().key());
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("encoder.architecture", config.architecture().key());
        settings.put("encoder.stem", config.stem().key());
        settings.put("encoder.norm", config.norm().key());
        settings.put("encoder.channels", String.valueOf(config.channels()));
        Map<String, String> size = saidSize(file, prefix);
        settings.putAll(size);
        return new ForeignEncoder(
                source(file, prefix),
                prefix,
                settings,
                size.isEmpty()
                        ? List.of(
                                "A ResNet's tensors do not show the size of its images: set encoder.height and encoder.width.")
                        : List.of(),
                leftOut(file, prefix, layout),
                part.only(layout.names()));
    }

    private static List<String> misfits(WeightLayout layout, Safetensors part) {
        return layout.misfits(part, ForeignNames::mayStandBeside);
    }

    private static void refuseMisfits(Path path, WeightLayout layout, Safetensors part, String words) {
        List<String> misfits = misfits(layout, part);
        if (!misfits.isEmpty()) {
            StringBuilder text = new StringBuilder(path + " looks like " + words + ", but does not fit it:");
            misfits.stream().limit(LINES).forEach(line -> text.append("\n  ").append(line));
            if (misfits.size() > LINES) {
                text.append("\n  and ").append(misfits.size() - LINES).append(" more like these");
            }
            throw new UserException(text.toString());
        }
    }

    private static Map<String, List<String>> leftOut(Safetensors file, String prefix, WeightLayout layout) {
        Map<String, List<String>> all = new LinkedHashMap<>();
        Set<String> taken = new LinkedHashSet<>(layout.names());
        for (String name : file.names()) {
            if (!name.startsWith(prefix) || !taken.contains(name.substring(prefix.length()))) {
                all.computeIfAbsent(reason(name, prefix), reason -> new ArrayList<>())
                        .add(name);
            }
        }
        return all;
    }

    private static String reason(String name, String prefix) {
        if (name.endsWith("num_batches_tracked")) {
            return "counters of batches";
        } else if (ForeignNames.isOtherHalf(name) && !ForeignNames.isOtherHalf(prefix)) {
            return "the other half (momentum encoder, or DINO's student)";
        } else if (ForeignNames.isHead(name)) {
            return "heads";
        }
        return "not of the encoder";
    }

    // the size of images that a file of ours says; empty where it does not
    private static Map<String, String> saidSize(Safetensors file, String prefix) {
        Map<String, String> size = new LinkedHashMap<>();
        for (String key : List.of("encoder.height", "encoder.width")) {
            String text = prefix.isEmpty() ? file.metadata().getOrDefault("millrace." + key, "") : "";
            if (text.matches("[1-9]\\d{0,2}") && Integer.parseInt(text) <= LARGEST) {
                size.put(key, text);
            }
        }
        return size.size() == 2 ? size : Map.of();
    }

    private static String source(Safetensors file, String prefix) {
        String run = file.metadata().getOrDefault("millrace.run", "");
        return run.isEmpty() || !prefix.isEmpty()
                ? ForeignNames.source(file.names(), prefix)
                : "Millrace, the encoder of run " + run + " after step "
                        + file.metadata().getOrDefault("millrace.step", "?");
    }

    private static String quoted(String prefix) {
        return "'" + prefix + "'";
    }
}

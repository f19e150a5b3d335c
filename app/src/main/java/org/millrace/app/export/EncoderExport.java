package org.millrace.app.export;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.millrace.contract.OutFile;
import org.millrace.contract.RunTopics;
import org.millrace.contract.Sha256;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.onnx.OnnxAdapter;
import org.millrace.encoder.onnx.OnnxModel;
import org.millrace.numerics.AffineMap;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.objective.Objective;

/**
 * An encoder of a run, ready to be written for other programs.
 *
 * @param step after which it is the run's encoder
 * @param configuration of the run
 * @param origin further facts about its origin for the card, in order
 * @param encoder its network and input
 * @param weights under torchvision's names
 * @param apart what was learned, where only a part of the encoder learned
 * @param adapter to the space of another version, at the end of an ONNX graph; absent for the encoder's own features
 */
public record EncoderExport(
        String run,
        long step,
        long imagesTrained,
        Map<String, String> configuration,
        Map<String, String> origin,
        EncoderConfig encoder,
        Safetensors weights,
        Optional<Apart> apart,
        Optional<Adapter> adapter) {
    private static final String GROUP = "encoder.";
    private static final String PATH = "encoder.initial-weights"; // a path of this machine, meaningless elsewhere

    /** The encoder in a checkpoint, with the network of the checkpoint's configuration. */
    public static EncoderExport of(Checkpoint checkpoint) {
        RunState state = checkpoint.state();
        EncoderConfig encoder = ConfigLoader.encoder(state.configuration());
        return new EncoderExport(
                state.run(),
                state.step(),
                state.imagesTrained(),
                state.configuration(),
                origin(state),
                encoder,
                checkpoint.encoder(Objective.ENCODER),
                checkpoint.base().map(begun -> new Apart(checkpoint.query().part(Objective.ENCODER), begun.whole())),
                Optional.empty());
    }

    /** A published encoder; {@code configuration} is that of the run's start. */
    public static EncoderExport of(PublishedEncoder published, Map<String, String> configuration) {
        EncoderManifest manifest = published.manifest();
        return new EncoderExport(
                manifest.run(),
                manifest.step(),
                manifest.imagesTrained(),
                configuration,
                Map.of(
                        "published",
                        ModelCard.second(Instant.ofEpochMilli(manifest.publishedAtMillis())) + " to `"
                                + new RunTopics(manifest.run()).encoders() + "`"),
                manifest.encoder(),
                Safetensors.parse(published.safetensors())
                        .only(Backbone.of(manifest.encoder()).layout().names()),
                published.apart().map(parts -> new Apart(parts.learned(), parts.base())),
                Optional.empty());
    }

    /**
     * The parts of an encoder of which only some parameters learned.
     *
     * @param learned those, with low-rank adapters beside their layers
     * @param base the whole encoder with which the run began
     */
    public record Apart(Safetensors learned, Safetensors base) {}

    /** An adapter: its map, and the version to whose space it leads. */
    public record Adapter(AffineMap map, long space) {}

    /** The same encoder with its features mapped. */
    public EncoderExport withAdapter(Adapter added) {
        return new EncoderExport(
                run, step, imagesTrained, configuration, origin, encoder, weights, apart, Optional.of(added));
    }

    private static Map<String, String> origin(RunState state) {
        String offsets = state.nextOffsets().entrySet().stream()
                .map(entry -> "partition " + entry.getKey() + ": " + entry.getValue())
                .collect(Collectors.joining(", "));
        Map<String, String> origin = new LinkedHashMap<>();
        origin.put("images rejected", ModelCard.number(state.imagesRejected()));
        origin.put(
                "next offsets of `" + state.configuration().getOrDefault("images.topic", "images") + "`",
                offsets.isEmpty() ? "none" : offsets);
        origin.put(
                "position in the journal",
                "offset " + state.journalOffset() + " of `" + new RunTopics(state.run()).steps() + "`");
        origin.put("last key of the dictionary", ModelCard.number(state.keySequence()));
        origin.put("checkpoint taken", ModelCard.second(Instant.ofEpochMilli(state.takenAtMillis())));
        origin.put("computed by", state.engine());
        return origin;
    }

    /** The model card beside an export. */
    public static Path cardOf(Path file) {
        return file.resolveSibling(file.getFileName() + ".md");
    }

    /** With the format {@code learned}, the file of the encoder with which the run began, beside the export. */
    public static Path baseOf(Path file) {
        String name = String.valueOf(file.getFileName());
        return file.resolveSibling(name.replaceFirst("(\\.[^.]*)?$", "-base$1"));
    }

    /**
     * Writes the file and its card, and with the format {@code learned} {@link #baseOf}, each atomically; existing files are overwritten.
     *
     * @param evaluations of the run
     * @return the file's length in bytes
     */
    public long write(Path file, ExportFormat format, Evaluations evaluations, Clock clock) {
        byte[] bytes = bytes(format);
        String card = new ModelCard(this, format, String.valueOf(file.getFileName()), bytes.length, Sha256.of(bytes))
                .text(evaluations.of(step), clock.instant());
        OutFile.write(file, bytes);
        if (format == ExportFormat.LEARNED) {
            OutFile.write(baseOf(file), parts().base().toBytes());
        }
        OutFile.write(cardOf(file), card.getBytes(StandardCharsets.UTF_8));
        return bytes.length;
    }

    private byte[] bytes(ExportFormat format) {
        return switch (format) {
            case LEARNED -> {
                Map<String, String> metadata = metadata("format", "pt");
                metadata.putAll(parts().learned().metadata());
                yield parts().learned().withMetadata(metadata).toBytes();
            }
            case SAFETENSORS -> weights.withMetadata(metadata("format", "pt")).toBytes();
            case ONNX -> {
                byte[] model = OnnxModel.of(encoder, weights, metadata("format", "onnx"));
                yield adapter.map(known -> OnnxAdapter.append(
                                model, known.map().weights(), known.map().offset()))
                        .orElse(model);
            }
        };
    }

    private Apart parts() {
        return apart.orElseThrow(
                () -> new UserException(
                        "all parameters of the encoder of run " + run
                                + " learn (encoder.train=all), so there is no part to export.\nWrite the whole encoder: --format safetensors."));
    }

    /** Metadata inside the file, so that it can be used without its card. */
    private Map<String, String> metadata(String first, String value) {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(first, value);
        metadata.put("millrace.run", run);
        metadata.put("millrace.step", String.valueOf(step));
        metadata.put("millrace.images-trained", String.valueOf(imagesTrained));
        adapter.ifPresent(known -> metadata.put("millrace.space", String.valueOf(known.space())));
        configuration.forEach((key, text) -> {
            if (key.startsWith(GROUP) && !key.equals(PATH)) {
                metadata.put("millrace." + key, text);
            }
        });
        return metadata;
    }
}

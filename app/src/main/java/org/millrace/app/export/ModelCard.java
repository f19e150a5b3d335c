package org.millrace.app.export;

import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.millrace.app.text.AccuracyText;
import org.millrace.app.text.SpaceText;
import org.millrace.app.text.StandingText;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.event.Evaluation;
import org.millrace.encoder.onnx.OnnxModel;

/**
 * The description of an exported encoder, its origin and its use, as Markdown.
 *
 * @param file its name without folders
 * @param bytes its length
 * @param sha256 of the file
 */
record ModelCard(EncoderExport export, ExportFormat format, String file, long bytes, String sha256) {
    private static final String TABLE = "\n| | |\n| --- | --- |\n";

    String text(Evaluations evaluations, Instant now) {
        return String.format(Locale.ROOT, "# Encoder of the run `%s` after step %,d%n", export.run(), export.step())
                + "\nAn image encoder, pretrained by Millrace on unlabelled images. This card belongs to the file `"
                + file
                + "`.\n"
                + origin(now)
                + input()
                + "\n## Use\n\n"
                + code().of(format)
                + scores(evaluations)
                + configuration();
    }

    private UsageCode code() {
        return new UsageCode(export.encoder(), file, String.valueOf(EncoderExport.baseOf(Path.of(file))));
    }

    private String origin(Instant now) {
        EncoderConfig encoder = export.encoder();
        UsageCode code = code();
        String further = export.origin().entrySet().stream()
                .map(entry -> row(entry.getKey(), entry.getValue()))
                .collect(Collectors.joining());
        return "\n## What it is\n" + TABLE
                + row(
                        "network",
                        encoder.architecture().key() + ", " + code.shape() + ", " + code.features() + " features")
                + row(
                        "format",
                        switch (format) {
                            case LEARNED ->
                                "safetensors, float32, " + code.names()
                                        + ", and `.lora_A`, `.lora_B` behind those of adapted"
                                        + " layers; only what was learned";
                            case SAFETENSORS -> "safetensors, float32, " + code.names();
                            case ONNX -> "ONNX, operators of version " + OnnxModel.OPSET + ", float32";
                        })
                + export.adapter()
                        .map(adapter -> row(
                                "features",
                                adapter.map().outputs() + ", in the space of encoder " + adapter.space()
                                        + ": the graph ends with an adapter, fitted to the anchor images of the run. It finds"
                                        + " about what an index by that encoder holds, and no more"))
                        .orElse("")
                + row("length", String.format(Locale.ROOT, "%,d bytes", bytes))
                + row("SHA-256", "`" + sha256 + "`")
                + row("step", number(export.step()))
                + row("images trained", number(export.imagesTrained()))
                + further
                + row("exported", second(now) + " by " + program());
    }

    private String input() {
        EncoderConfig encoder = export.encoder();
        return String.format(
                        Locale.ROOT,
                        "%n## Input%n%n%s, %d×%d (height×width), float32, N×%d×%d×%d, from [0, 1] normalised by (x − mean) / deviation:%n",
                        encoder.channels() == 1 ? "Grey" : "RGB",
                        encoder.height(),
                        encoder.width(),
                        encoder.channels(),
                        encoder.height(),
                        encoder.width())
                + TABLE
                + row("mean", UsageCode.means(encoder))
                + row("deviation", UsageCode.deviations(encoder))
                + "\nMillrace scales an image so that it just covers the input (bilinear, antialiased when shrinking) and crops the"
                + " centre.\n";
    }

    private String scores(Evaluations evaluations) {
        StringBuilder text = new StringBuilder("\n## Evaluations\n\n");
        if (!evaluations.found().isEmpty()) {
            text.append("Accuracy on held-out labelled images, with its 95 % interval.\n\n");
            text.append("| linear probe | λ | nearest neighbours | k | classes | fitted on | held out | at |\n");
            text.append("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
        }
        for (Evaluation each : evaluations.found()) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %.0e | %s | %d | %d | %,d | %,d | %s |%n",
                    AccuracyText.linear(each),
                    each.linear().l2(),
                    AccuracyText.neighbours(each),
                    each.neighbours().k(),
                    each.classes(),
                    each.trainImages(),
                    each.testImages(),
                    second(Instant.ofEpochMilli(each.evaluatedAtMillis()))));
        }
        for (Evaluation each : evaluations.found()) {
            export.adapter()
                    .flatMap(adapter -> each.scoresIn(adapter.space()))
                    .ifPresent(scores ->
                            text.append("\n").append(SpaceText.line(scores)).append(".\n"));
        }
        for (Evaluation each : evaluations.found()) {
            if (evaluations.standings().isHeld(each.version())) {
                each.standing()
                        .ifPresent(why ->
                                text.append("\n").append(StandingText.line(why)).append(".\n"));
            }
        }
        return text + (evaluations.note().isBlank() ? "" : evaluations.note() + "\n");
    }

    private String configuration() {
        StringBuilder text = new StringBuilder("\n## Configuration of the run\n\n| key | value |\n| --- | --- |\n");
        for (Map.Entry<String, String> entry : new TreeMap<>(export.configuration()).entrySet()) {
            text.append(
                    row("`" + entry.getKey() + "`", entry.getValue().isEmpty() ? "" : "`" + entry.getValue() + "`"));
        }
        return text.toString();
    }

    private static String program() {
        String version = ModelCard.class.getPackage().getImplementationVersion();
        return "Millrace " + (version == null ? "(built from source)" : version) + ", Java " + Runtime.version();
    }

    private static String row(String name, String value) {
        return "| " + name + " | " + value.replace("|", "\\|") + " |\n";
    }

    static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    static String second(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}

package org.millrace.app.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.millrace.contract.Count;
import org.millrace.contract.OutFile;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.ForeignEncoder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Reads another program's weights and writes the encoder's under our names. */
@Command(
        name = "import",
        mixinStandardHelpOptions = true,
        description = {
            "Make a run's initial weights of another program's weights file.",
            "Reads safetensors of MoCo, MoCo v3, DINO, DINOv2, lightly, solo-learn, timm and torchvision, ResNets and vision transformers. Prints what it recognised, what it left out and why, and the settings of a run that starts from it.",
            "PyTorch's own files (.pth, .pt) are programs and are not run; the message has three lines of Python that convert one."
        })
final class ImportCommand implements Runnable {
    private static final int NAMED = 3;

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions options;

    @Parameters(paramLabel = "FILE", description = "A safetensors file.")
    private Path file = Path.of("");

    @Option(names = "--out", required = true, paramLabel = "OURS", description = "The file to write.")
    private Path out = Path.of("");

    @Option(
            names = "--prefix",
            paramLabel = "PREFIX",
            defaultValue = "",
            description =
                    "Take the encoder whose names begin so, such as module.encoder_k.; by default the query encoder, DINO's teacher or the only one.")
    private String prefix = "";

    @Option(names = "--force", description = "Overwrite an existing file.")
    private boolean force;

    @Override
    public void run() {
        EncoderConfig encoder = options.config(Map.of()).encoder();
        OutFile.require(List.of(out), force);
        if (isSame(file, out)) {
            throw new UserException("--out is " + out + ", the file that is read. Choose another name.");
        }
        ForeignEncoder found = ForeignEncoder.of(file, bytes(), prefix, encoder);
        byte[] ours = found.weights().withMetadata(metadata(found)).toBytes();
        OutFile.write(out, ours);
        PrintWriter text = spec.commandLine().getOut();
        text.println("recognised: " + found.source()
                + (found.prefix().isEmpty() ? "" : ", under the prefix " + found.prefix()));
        found.leftOut().forEach((reason, names) -> text.println("left out, " + reason + ": " + words(names)));
        text.println("wrote " + Count.of(found.weights().names().size(), "tensor") + " ("
                + Count.of(ours.length, "byte") + ") to " + out);
        found.remarks().forEach(text::println);
        text.println("A run starts from it with:");
        settings(found).forEach((key, value) -> text.println("  " + key + "=" + value));
        text.flush();
    }

    private static boolean isSame(Path one, Path other) {
        try {
            return Files.exists(one) && Files.exists(other) && Files.isSameFile(one, other);
        } catch (IOException e) { // then reading it says what is wrong
            return false;
        }
    }

    private byte[] bytes() {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            String reason = e instanceof NoSuchFileException ? "there is no such file" : String.valueOf(e.getMessage());
            throw new UserException("cannot read " + file + ": " + reason + ". Name a safetensors file.", e);
        }
    }

    private Map<String, String> settings(ForeignEncoder found) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("encoder.initial-weights", out.toString());
        settings.putAll(found.settings());
        return settings;
    }

    private static Map<String, String> metadata(ForeignEncoder found) {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("format", "pt");
        metadata.put("millrace.imported-from", found.source());
        found.settings().forEach((key, value) -> metadata.put("millrace." + key, value));
        return metadata;
    }

    private static String words(List<String> names) {
        return names.stream().limit(NAMED).collect(Collectors.joining(", "))
                + (names.size() > NAMED ? " and " + (names.size() - NAMED) + " more" : "");
    }
}

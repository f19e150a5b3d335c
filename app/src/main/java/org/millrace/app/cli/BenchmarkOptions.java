package org.millrace.app.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.millrace.app.benchmark.BenchmarkRequest;
import org.millrace.contract.FileNames;
import org.millrace.contract.UserException;
import org.millrace.evaluator.protocol.ProbeProtocol;
import org.millrace.ingest.label.Labels;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of a benchmark by the papers' probe protocols. Mixed into a command; not thread safe. */
final class BenchmarkOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--protocol",
            split = ",",
            paramLabel = "NAME",
            description =
                    "Score one encoder by these protocols instead: logistic, knn, ridge, linear-sgd (MoCo's, rate chosen"
                            + " from a grid), mlp (AMDIM's), finetune-1 and finetune-10 (the whole network on 1 %% or 10 %% of the labels)."
                            + " Comma-separated.")
    private List<ProbeProtocol.Name> protocols = new ArrayList<>();

    @Option(
            names = "--checkpoint",
            paramLabel = "STEP",
            description = "Score the encoder of this checkpoint; by default of the run's newest whole one.")
    private @Nullable Long checkpoint;

    @Option(
            names = "--encoder",
            paramLabel = "VERSION",
            description = "Score this encoder from the run's topic of encoders instead.")
    private @Nullable Long encoder;

    @Option(
            names = "--train",
            paramLabel = "PATH",
            description =
                    "Fit the probes to these labelled images instead of the probe topic's, with --test: folder, archive or IDX file"
                            + " as for push; may be repeated.")
    private List<String> train = new ArrayList<>();

    @Option(names = "--test", paramLabel = "PATH", description = "Score on these labelled images; may be repeated.")
    private List<String> test = new ArrayList<>();

    @Option(
            names = "--labels",
            defaultValue = "auto",
            paramLabel = "FROM",
            description =
                    "Labels of --train and --test: folder, a CSV file or auto, as for push (default: ${DEFAULT-VALUE}).")
    private String labels = "auto";

    @Option(names = "--json", paramLabel = "FILE", description = "Also write the scores of --protocol to this file.")
    private @Nullable Path json;

    /** The requested benchmark; empty without {@code --protocol}. Wrong usage is a {@link ParameterException}. */
    Optional<BenchmarkRequest> request() {
        if (protocols.isEmpty()) {
            boolean others = checkpoint != null || encoder != null || json != null;
            if (others || !train.isEmpty() || !test.isEmpty()) {
                throw wrong("--checkpoint, --encoder, --train, --test and --json need --protocol");
            }
            return Optional.empty();
        }
        Stream.concat(train.stream(), test.stream()).forEach(BenchmarkOptions::checkExists);
        try {
            return Optional.of(new BenchmarkRequest(
                    protocols, optional(checkpoint), optional(encoder), train, test, Labels.parse(labels)));
        } catch (IllegalArgumentException e) {
            throw wrong(String.valueOf(e.getMessage()));
        }
    }

    /** The file for the scores; throws {@link UserException} if it cannot be written. */
    Optional<Path> json() {
        Path file = json;
        if (file != null) {
            Path folder = file.toAbsolutePath().getParent();
            if (Files.isDirectory(file) || folder == null || !Files.isWritable(folder)) {
                throw new UserException("--json " + file + " cannot be written: "
                        + (Files.isDirectory(file)
                                ? "it is a folder"
                                : "its folder does not exist or is not writable"));
            }
        }
        return Optional.ofNullable(file);
    }

    private ParameterException wrong(String message) {
        return new ParameterException(command.commandLine(), message);
    }

    private static void checkExists(String path) {
        if (!Files.exists(FileNames.path(path))) {
            throw new UserException("no such file or folder: " + path);
        }
    }

    private static OptionalLong optional(@Nullable Long value) {
        return value == null ? OptionalLong.empty() : OptionalLong.of(value);
    }
}

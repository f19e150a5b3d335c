package org.millrace.app.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.millrace.app.runs.RunComparison;
import org.millrace.app.runs.RunSummary;
import org.millrace.app.text.RunsText;
import org.millrace.contract.OutFile;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Json;
import org.millrace.contract.kafka.KafkaSettings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The runs on a broker: listed, compared, deleted, carried to another broker. */
@Command(
        name = "runs",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "List, compare and delete runs, and carry one to another broker.",
        subcommands = {
            RunsCommand.ListCommand.class,
            RunsCommand.CompareCommand.class,
            RunsDeleteCommand.class,
            RunsExportCommand.class,
            RunsImportCommand.class
        })
final class RunsCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "runs needs one of list, compare, delete, export, import");
    }

    /** The name of a run that was given as a parameter; wrong usage where no run can have it. */
    static RunTopics named(CommandSpec spec, String name) {
        try {
            return new RunTopics(name);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "RUN: " + e.getMessage(), e);
        }
    }

    /** Common part of the commands that only read. */
    private abstract static class Reading implements Runnable {
        @Spec
        private CommandSpec spec;

        @Option(
                names = "--json",
                paramLabel = "FILE",
                description =
                        "Write one JSON object to this file instead of text to standard output; - is standard output.")
        private @Nullable Path json;

        @Mixin
        private CommonOptions options;

        @Override
        public void run() {
            MillraceConfig config = options.config(Map.of());
            PrintWriter out = spec.commandLine().getOut();
            try (Connection connection = options.connectToExisting(config)) {
                Found found = read(config, connection.kafka());
                if (json == null) {
                    found.lines().forEach(out::println);
                } else if (json.equals(Path.of("-"))) {
                    out.println(new String(Json.write(found.object()), StandardCharsets.UTF_8));
                } else {
                    write(json, found.object());
                }
            }
            out.flush();
        }

        private static void write(Path file, Object object) {
            OutFile.requirePlain("--json", file);
            try {
                Files.writeString(file, Json.writePretty(object) + "\n");
            } catch (IOException e) {
                throw OutFile.refused(file, e);
            }
        }

        CommandSpec spec() {
            return spec;
        }

        abstract Found read(MillraceConfig config, KafkaSettings kafka);
    }

    /** A result in both forms. */
    private record Found(Object object, List<String> lines) {}

    /** Every run of a broker and a data folder. */
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = {
                "List the runs of a broker and a data folder.",
                "State, newest step, images, encoders, size in topics and on disk, newest score. training: a lock, a",
                "transaction or a recent record says so; a trainer elsewhere that waits for images is not seen."
            })
    static final class ListCommand extends Reading {
        @Override
        Found read(MillraceConfig config, KafkaSettings kafka) {
            List<RunSummary> runs = RunSummary.all(config, kafka, Clock.systemUTC());
            List<String> lines = runs.isEmpty()
                    ? List.of("there is no run at " + kafka.bootstrapServers() + " or under "
                            + config.run().data().resolve("runs"))
                    : RunsText.list(runs);
            return new Found(Map.of("runs", runs), lines);
        }
    }

    /** Two runs side by side. */
    @Command(
            name = "compare",
            mixinStandardHelpOptions = true,
            description = {
                "Compare two runs: settings, and scores over images trained.",
                "Where both were scored on the same probe set, the difference comes with a paired 95 %% interval."
            })
    static final class CompareCommand extends Reading {
        @Parameters(index = "0", paramLabel = "A", description = "A run.")
        private String first = "";

        @Parameters(index = "1", paramLabel = "B", description = "Another run of the same broker.")
        private String second = "";

        @Override
        Found read(MillraceConfig config, KafkaSettings kafka) {
            RunComparison comparison = RunComparison.read(kafka, named(spec(), first), named(spec(), second));
            return new Found(comparison, RunsText.comparison(comparison));
        }
    }
}

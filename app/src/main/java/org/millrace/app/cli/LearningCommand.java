package org.millrace.app.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.jspecify.annotations.Nullable;
import org.millrace.app.text.LearningText;
import org.millrace.contract.OutFile;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.registry.PublishedEvaluations;
import org.millrace.evaluator.learning.LearningReport;
import org.millrace.trainer.journal.JournalReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How well a run retains the past buckets of its stream. */
@Command(
        name = "learning",
        mixinStandardHelpOptions = true,
        description = {
            "Print how well a run knows each part of its stream.",
            "The parts are buckets of the stream. Prints the accuracy on each bucket after each bucket, average accuracy, forgetting, accuracy on the next bucket before it is trained on, and the compute spent.",
            "Needs encoders that were scored with evaluator.buckets set."
        })
final class LearningCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOption run;

    @Option(names = "--json", paramLabel = "FILE", description = "Also write the matrix and figures to this file.")
    private @Nullable Path json;

    @Mixin
    private CommonOptions options;

    @Override
    public void run() {
        MillraceConfig config = options.config(Map.of(), run.assignments());
        try (Connection connection = options.connectToExisting(config)) {
            try (TopicSetup topics = new TopicSetup(connection.kafka())) {
                topics.requireRun(config.run().topics());
            }
            var evaluations =
                    PublishedEvaluations.read(connection.kafka(), config.run().topics());
            LearningReport report = LearningReport.of(evaluations.all(), batchSize(config, connection.kafka()))
                    .orElseThrow(() -> new UserException("no encoder of run "
                            + config.run().name() + " was scored by buckets ("
                            + evaluations.all().size() + " were scored without)"
                            + "\nScore the next ones with evaluator.buckets and evaluator.bucket-images set."));
            PrintWriter out = spec.commandLine().getOut();
            out.print(LearningText.of(report, evaluations.standings().revoked().keySet()));
            out.flush();
            if (json != null) {
                write(json, report);
            }
        }
    }

    /** The batch size of the run's newest start that has one, whatever the current configuration. */
    private static OptionalInt batchSize(MillraceConfig config, KafkaSettings kafka) {
        OptionalInt[] size = {OptionalInt.empty()};
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            new JournalReader(consumer, config.run().topics()).forEach(0, (event, offset) -> {
                if (event instanceof RunStarted start) {
                    OptionalInt batch = start.count("trainer.batch-size");
                    size[0] = batch.isPresent() ? batch : size[0];
                }
            });
        }
        return size[0];
    }

    private static void write(Path file, LearningReport report) {
        try {
            Files.writeString(file, Json.writePretty(report) + System.lineSeparator());
        } catch (IOException e) {
            throw OutFile.refused(file, e);
        }
    }
}

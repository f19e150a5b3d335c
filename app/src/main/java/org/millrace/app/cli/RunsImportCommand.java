package org.millrace.app.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.millrace.app.runs.RunImport;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a run from an archive. */
@Command(
        name = "import",
        mixinStandardHelpOptions = true,
        description = {
            "Make a run from an archive that runs export wrote, under its name.",
            "It can be evaluated, exported and used for features at once. It trains on only where the images are the",
            "same log that it trained from: offsets of another one name other images."
        })
final class RunsImportCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "ARCHIVE", description = "The file.")
    private Path archive = Path.of("");

    @Mixin
    private CommonOptions options;

    @Override
    public void run() {
        options.config(Map.of()); // its problems before the archive's
        RunImport found = RunImport.open(archive);
        MillraceConfig config = options.config(Map.of(), List.of("run.name=" + found.run()));
        PrintWriter out = spec.commandLine().getOut();
        try (Connection connection = options.connect(config)) {
            KafkaSettings kafka = connection.kafka();
            found.create(config, kafka);
            out.println("run " + found.run() + " is at " + kafka.bootstrapServers() + " and in "
                    + config.run().folder() + ", after step " + found.step());
            String topic = found.imagesTopic();
            out.println(
                    switch (found.images(kafka)) {
                        case SAME -> "its images are here: it goes on with millrace train --run " + found.run();
                        case OTHER ->
                            "the topic " + topic
                                    + " here is another log than it trained on: train is refused, and so is"
                                    + " train of a branch, unless trainer.on-gap=skip lets it begin with the first image of this log;"
                                    + " replay and audit need the images that are not here";
                        case NONE ->
                            "there is no topic " + topic
                                    + " here: it cannot train, and replay and audit need the images"
                                    + " that are not here";
                    });
        }
        out.flush();
    }
}

package org.millrace.app.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.millrace.app.runs.RunExport;
import org.millrace.contract.Count;
import org.millrace.contract.OutFile;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.MillraceConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes a run to an archive. */
@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        description = {
            "Write a stopped run to an archive, to be imported at another broker.",
            "It has the newest checkpoint, the keys, the replay buffer's images, the journal, encoders and scores; no",
            "images of the stream and nothing of drift. Call it where the trainer's folder is."
        })
final class RunsExportCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "RUN", description = "The run.")
    private String name = "";

    @Option(names = "--out", required = true, paramLabel = "ARCHIVE", description = "The ZIP file to write.")
    private Path out = Path.of("");

    @Option(names = "--force", description = "Overwrite an existing file.")
    private boolean force;

    @Mixin
    private CommonOptions options;

    @Override
    public void run() {
        RunTopics run = RunsCommand.named(spec, name);
        OutFile.require(List.of(out), force);
        List<String> named = List.of("run.name=" + run.run());
        MillraceConfig own = options.config(Map.of(), named);
        PrintWriter text = spec.commandLine().getOut();
        try (Connection connection = options.connectToExisting(own)) {
            MillraceConfig config = options.ofRun(own, connection.kafka(), named);
            RunExport.Written written = RunExport.write(config, connection.kafka(), out, Clock.systemUTC());
            text.println("wrote run " + run.run() + " after step " + written.step() + " to " + out + " ("
                    + Count.of(written.bytes(), "byte") + ")");
        }
        text.flush();
    }
}

package org.millrace.app.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.millrace.app.runs.RunDeletion;
import org.millrace.app.runs.RunParts;
import org.millrace.app.text.RunsText;
import org.millrace.contract.Count;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Removes a run. */
@Command(
        name = "delete",
        mixinStandardHelpOptions = true,
        description = {
            "Delete a run: its topics, consumer groups and folders.",
            "Lists them first, and asks for the run's name. A run that is live is refused. The topics of images and",
            "folders on other machines stay."
        })
final class RunsDeleteCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "RUN", description = "The run.")
    private String name = "";

    @Option(names = "--yes", description = "Do not ask.")
    private boolean yes;

    @Mixin
    private CommonOptions options;

    @Override
    public void run() {
        RunTopics run = RunsCommand.named(spec, name);
        MillraceConfig config = options.config(Map.of(), List.of("run.name=" + run.run()));
        PrintWriter out = spec.commandLine().getOut();
        try (Connection connection = options.connect(config);
                RunDeletion deletion = new RunDeletion(config, connection.kafka(), Clock.systemUTC())) {
            RunParts parts = deletion.parts();
            if (parts.isEmpty()) {
                throw new UserException("there is no run " + run.run() + " at "
                        + connection.kafka().bootstrapServers() + " or in "
                        + config.run().folder()
                        + ". millrace runs list shows those there are.");
            }
            deletion.requireStopped();
            out.println("run " + run.run() + " at " + connection.kafka().bootstrapServers() + " has:");
            RunsText.parts(parts).forEach(out::println);
            if (!yes) {
                out.println("There is no way back. Type the run's name to delete all of this:");
                out.flush();
                requireConfirmed(new InputStreamReader(System.in, StandardCharsets.UTF_8), run.run());
                deletion.requireStopped(); // it may have been started meanwhile
            }
            deletion.delete(parts);
            out.println("deleted: " + Count.of(parts.topics().size(), "topic") + ", "
                    + Count.of(parts.groups().size(), "consumer group") + ", "
                    + Count.of(parts.folders().size(), "folder"));
            if (!parts.transactionalIds().isEmpty()) {
                out.println("Kafka cannot delete transactional ids: the broker forgets "
                        + String.join(", ", parts.transactionalIds())
                        + deletion.idExpiry().map(RunsDeleteCommand::after).orElse(" in time"));
            }
        }
        out.flush();
    }

    /** Throws {@link UserException} unless the next line is the run's name. */
    static void requireConfirmed(Reader input, String run) {
        try {
            String line = new BufferedReader(input).readLine();
            if (line == null || !line.strip().equals(run)) {
                throw new UserException(
                        "not confirmed with the name " + run + ": nothing was deleted. Without a terminal, add --yes.");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String after(Duration unused) {
        return " after "
                + (unused.toHours() >= 48 ? Count.of(unused.toDays(), "day") : Count.of(unused.toMinutes(), "minute"))
                + " without use (transactional.id.expiration.ms)";
    }
}

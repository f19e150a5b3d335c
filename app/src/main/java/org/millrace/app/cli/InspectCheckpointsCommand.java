package org.millrace.app.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;
import org.millrace.contract.Count;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.trainer.checkpoint.CheckpointFolder.Inspection;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.run.RunFolders;
import org.millrace.trainer.run.RunImages;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The checkpoints of a run, newest first, each checked against its digests. */
@Command(
        name = "checkpoints",
        mixinStandardHelpOptions = true,
        description = "List the run's checkpoints, newest first, and check every file's digest.")
final class InspectCheckpointsCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOption run;

    @Mixin
    private CommonOptions options;

    @Override
    public void run() {
        MillraceConfig config = options.config(Map.of(), run.assignments());
        Map<Path, Inspection> found = RunFolders.checkpoints(config).inspect();
        if (found.isEmpty()) {
            throw new UserException("run " + config.run().name() + " has no checkpoint under "
                    + config.run().folder()
                    + ". Name another run with --run NAME or another folder with --set run.data=FOLDER.");
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println("        step   images trained           keys   taken                  state     folder");
        found.forEach((folder, inspection) -> out.println(inspection
                        .state()
                        .map(InspectCheckpointsCommand::line)
                        .orElse("           ?                ?              ?   ?                      DAMAGED ")
                + "  " + folder + (inspection.state().isEmpty() ? ": " + inspection.problem() : "")));
        RunImages.diskBytes(config)
                .ifPresent(bytes -> out.println(String.format(
                        Locale.ROOT,
                        "images of their replay buffers: %.1f MiB on disk in %s",
                        bytes / 1024.0 / 1024,
                        RunFolders.images(config))));
        out.flush();
        long damaged = found.values().stream()
                .filter(inspection -> inspection.state().isEmpty())
                .count();
        if (damaged > 0) {
            throw new UserException(Count.of(damaged, "checkpoint") + " of " + found.size()
                    + (damaged == 1 ? " is" : " are")
                    + " damaged, as listed above. A start takes the newest whole one, if there is one.");
        }
    }

    private static String line(RunState state) {
        Instant taken = Instant.ofEpochMilli(state.takenAtMillis()).truncatedTo(ChronoUnit.SECONDS);
        return String.format(
                Locale.ROOT,
                "%,12d   %,14d   %,12d   %-20s   whole   ",
                state.step(),
                state.imagesTrained(),
                state.keySequence(),
                taken);
    }
}

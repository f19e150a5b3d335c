package org.millrace.app.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Shows the state of a run, read-only. */
@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        description = "Show a run's journal, its dictionary of keys, or its checkpoints.",
        subcommands = {InspectRunCommand.class, InspectKeysCommand.class, InspectCheckpointsCommand.class})
final class InspectCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "inspect needs one of run, keys, checkpoints");
    }
}

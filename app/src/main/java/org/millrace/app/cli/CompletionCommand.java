package org.millrace.app.cli;

import java.io.PrintWriter;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints the script by which a shell completes commands and options. Needs no configuration. */
@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        description = "Print a script by which bash and zsh complete commands.")
final class CompletionCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        out.print(AutoComplete.bash("millrace", spec.root().commandLine()));
        out.flush();
    }
}

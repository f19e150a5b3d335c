package org.millrace.app.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
    private static final Pattern VALUES = Pattern.compile("(?<=_option_args=\\()(\"[A-Z0-9_]+\" ?)+");

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        out.print(asTyped(AutoComplete.bash("millrace", spec.root().commandLine())));
        out.flush();
    }

    // picocli offers the names of constants; the words that the options take are those of Words
    private static String asTyped(String script) {
        return VALUES.matcher(script)
                .replaceAll(values -> Matcher.quoteReplacement(
                        values.group().toLowerCase(Locale.ROOT).replace('_', '-')));
    }
}

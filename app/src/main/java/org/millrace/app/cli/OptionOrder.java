package org.millrace.app.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Options in front of their command, put behind it: {@code --config FILE up PATH} becomes {@code up --config FILE PATH}. */
final class OptionOrder {
    private OptionOrder() {}

    /** An option with its values, as given. */
    private record Given(OptionSpec option, List<String> words) {}

    /**
     * The arguments in the order that picocli parses. Where a subcommand is missing or mistyped, the options that only it takes are left
     * out, so that the message is about the subcommand.
     */
    static String[] commandFirst(CommandLine root, String... arguments) {
        List<String> ordered = new ArrayList<>();
        List<Given> options = new ArrayList<>();
        CommandLine command = root;
        int at = 0;
        while (at < arguments.length && !command.getSubcommands().isEmpty()) {
            String argument = arguments[at];
            @Nullable CommandLine inner = command.getSubcommands().get(argument);
            String name = argument.replaceFirst("=.*", "");
            @Nullable OptionSpec own = option(command, name);
            @Nullable OptionSpec option = own != null ? own : option(root, name);
            if (inner != null) {
                command = inner;
                ordered.add(argument);
                at++;
            } else if (option != null && !has(root, option)) {
                int end = at + 1 + (argument.contains("=") ? 0 : option.arity().min());
                List<String> words = List.of(arguments).subList(at, Math.min(end, arguments.length));
                options.add(new Given(option, words));
                at += words.size();
            } else {
                break;
            }
        }
        boolean works =
                command.getSubcommands().isEmpty() || command.getCommandSpec().findOption("--config") != null;
        for (Given given : options) {
            if (works || has(command, given.option)) {
                ordered.addAll(given.words);
            }
        }
        ordered.addAll(List.of(arguments).subList(at, arguments.length));
        return ordered.toArray(String[]::new);
    }

    private static boolean has(CommandLine command, OptionSpec option) {
        return command.getCommandSpec().findOption(option.longestName()) != null;
    }

    /** The option of that name, of the command or of any below it. */
    private static @Nullable OptionSpec option(CommandLine command, String name) {
        @Nullable OptionSpec own = command.getCommandSpec().findOption(name);
        if (own != null) {
            return own;
        }
        for (CommandLine inner : command.getSubcommands().values()) {
            @Nullable OptionSpec found = option(inner, name);
            if (found != null) {
                return found;
            }
        }
        return null;
    }
}

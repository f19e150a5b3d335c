package org.millrace.app.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Options in front of their command, put behind it: {@code --config FILE up PATH} becomes {@code up --config FILE PATH}. */
final class OptionOrder {
    private OptionOrder() {}

    /**
     * The arguments in the order that picocli parses. Where no command follows, they come without the options, since it is the command that
     * is missing or mistyped.
     */
    static String[] commandFirst(CommandLine root, String... arguments) {
        List<String> ordered = new ArrayList<>();
        List<String> options = new ArrayList<>();
        CommandLine command = root;
        int at = 0;
        while (at < arguments.length && !command.getSubcommands().isEmpty()) {
            String argument = arguments[at];
            @Nullable CommandLine inner = command.getSubcommands().get(argument);
            @Nullable OptionSpec option = option(command, argument.replaceFirst("=.*", ""));
            if (inner != null) {
                command = inner;
                ordered.add(argument);
                at++;
            } else if (option != null && command.getCommandSpec().findOption(option.longestName()) == null) {
                int end = at + 1 + (argument.contains("=") ? 0 : option.arity().min());
                while (at < Math.min(end, arguments.length)) {
                    options.add(arguments[at++]);
                }
            } else {
                break;
            }
        }
        if (command.getSubcommands().isEmpty()) {
            ordered.addAll(options);
        }
        ordered.addAll(List.of(arguments).subList(at, arguments.length));
        return ordered.toArray(String[]::new);
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

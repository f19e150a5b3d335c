package org.millrace.app.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.UserException;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * How a failure is told: a user's mistake by its message alone, anything else by one line and a file that holds the stack trace. Nothing
 * here throws.
 */
final class Failures {
    private Failures() {}

    /** The picocli handler of arguments that cannot be understood. */
    static int wrongUsage(ParameterException exception, String[] arguments) {
        CommandLine commandLine = exception.getCommandLine();
        PrintWriter error = commandLine.getErr();
        error.println("millrace: " + exception.getMessage());
        if (exception instanceof UnmatchedArgumentException unmatched) {
            List<String> suggestions = unmatched.getSuggestions();
            if (!suggestions.isEmpty()) {
                error.println("Did you mean " + String.join(" or ", suggestions) + "?");
            }
        }
        error.println("`" + commandLine.getCommandSpec().qualifiedName() + " --help` tells what it takes.");
        error.flush();
        return ExitCode.USAGE;
    }

    /** Tells why a command failed; the exit code. */
    static int report(Throwable failure, CommandLine commandLine) {
        PrintWriter error = commandLine.getErr();
        Optional<UserException> mistake = userException(failure);
        if (mistake.isPresent()) {
            error.println("millrace: " + mistake.get().getMessage());
        } else {
            error.println("millrace: unexpected failure: " + oneLine(failure));
            error.println(writeCrash(failure, commandLine)
                    .map(file -> "Its stack trace is in " + file + "; please report it with that file.")
                    .orElseGet(() -> stackTrace(failure)));
        }
        error.flush();
        return ExitCode.SOFTWARE;
    }

    private static Optional<UserException> userException(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UserException mistake) {
                return Optional.of(mistake);
            }
        }
        return Optional.empty();
    }

    private static String oneLine(Throwable failure) {
        String message = failure.getMessage();
        return failure.getClass().getName() + (message == null ? "" : ": " + message.replaceAll("\\s*\\R\\s*", " "));
    }

    private static Optional<Path> writeCrash(Throwable failure, CommandLine commandLine) {
        try {
            Path folder = dataFolder(commandLine)
                    .filter(Files::isDirectory)
                    .orElseGet(() -> Path.of(System.getProperty("java.io.tmpdir", ".")));
            Path file = Files.createTempFile(folder, "millrace-crash-", ".txt");
            return Optional.of(Files.writeString(file, stackTrace(failure), StandardCharsets.UTF_8));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private static Optional<Path> dataFolder(CommandLine commandLine) {
        return commandLine.getCommandSpec().mixins().values().stream()
                .map(mixin -> mixin.userObject())
                .filter(CommonOptions.class::isInstance)
                .flatMap(options -> ((CommonOptions) options).dataFolder().stream())
                .findFirst();
    }

    private static String stackTrace(Throwable failure) {
        StringWriter text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text));
        return text.toString();
    }
}

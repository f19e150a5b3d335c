package org.millrace.app.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.kafka.common.config.ConfigException;
import org.millrace.contract.UserException;
import org.millrace.contract.config.Secrets;
import org.millrace.contract.kafka.BrokerWords;
import org.millrace.contract.service.CrashFile;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Reports failures: a user's mistake by its message only, anything else by one line and a file with the stack trace. Nothing here throws.
 */
final class Failures {
    private Failures() {}

    /** The picocli handler of invalid arguments. */
    static int wrongUsage(ParameterException exception, String[] arguments) {
        CommandLine commandLine = exception.getCommandLine();
        PrintWriter error = commandLine.getErr();
        error.println("millrace: " + Secrets.withoutPassword(String.valueOf(exception.getMessage())));
        if (exception instanceof UnmatchedArgumentException unmatched) {
            List<String> suggestions = unmatched.getSuggestions();
            if (!suggestions.isEmpty()) {
                error.println("Did you mean " + String.join(" or ", suggestions) + "?");
            }
        }
        error.println("`" + commandLine.getCommandSpec().qualifiedName() + " --help` shows how it is used.");
        error.flush();
        return ExitCode.USAGE;
    }

    /** Prints why a command failed; returns the exit code. */
    static int report(Throwable failure, CommandLine commandLine) {
        PrintWriter error = commandLine.getErr();
        Optional<Throwable> mistake = cause(failure, UserException.class::isInstance);
        Optional<Throwable> refusal = cause(failure, BrokerWords::isRefusal);
        Optional<Throwable> silence = cause(failure, BrokerWords::isSilence);
        Optional<Throwable> setting = cause(failure, ConfigException.class::isInstance);
        if (mistake.isPresent()) {
            error.println("millrace: " + mistake.get().getMessage());
        } else if (setting.isPresent()) {
            error.println("millrace: Kafka's client does not take the kafka.* settings: "
                    + setting.get().getMessage()
                    + "\nCorrect them (millrace config shows which are set).");
        } else if (refusal.isPresent()) {
            error.println("millrace: the broker refuses: " + BrokerWords.of(refusal.get())
                    + "\nCheck its user's rights and the kafka.* settings here.");
        } else if (silence.isPresent()) {
            error.println("millrace: the broker does not answer: " + BrokerWords.of(silence.get())
                    + "\nSee whether it runs, then start the command again.");
        } else {
            error.println("millrace: unexpected failure: " + oneLine(failure));
            error.println(CrashFile.write(failure, dataFolder(commandLine))
                    .map(file -> "Its stack trace is in " + file + "; please report it with that file.")
                    .orElseGet(() -> CrashFile.stackTrace(failure)));
        }
        error.flush();
        return ExitCode.SOFTWARE;
    }

    private static Optional<Throwable> cause(Throwable failure, Predicate<Throwable> kind) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (kind.test(cause)) {
                return Optional.of(cause);
            }
        }
        return Optional.empty();
    }

    private static String oneLine(Throwable failure) {
        String message = failure.getMessage();
        return failure.getClass().getName() + (message == null ? "" : ": " + message.replaceAll("\\s*\\R\\s*", " "));
    }

    private static Path dataFolder(CommandLine commandLine) {
        return commandLine.getCommandSpec().mixins().values().stream()
                .map(mixin -> mixin.userObject())
                .filter(CommonOptions.class::isInstance)
                .flatMap(options -> ((CommonOptions) options).dataFolder().stream())
                .findFirst()
                .orElse(Path.of(""));
    }
}

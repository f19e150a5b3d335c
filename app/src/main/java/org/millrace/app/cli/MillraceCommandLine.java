package org.millrace.app.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.BiConsumer;
import org.millrace.app.export.ExportFormat;
import org.millrace.app.log.Logs;
import org.millrace.app.text.Durations;
import org.millrace.app.text.Words;
import org.millrace.contract.FileNames;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.evaluator.protocol.ProbeProtocol;
import org.millrace.ingest.push.PushRequest;
import picocli.CommandLine;

/** Runs one command of the program {@code millrace}. */
public final class MillraceCommandLine {
    private MillraceCommandLine() {}

    /** Runs the command on standard output and error; its exit code: 0 success, 1 failure, 2 wrong usage, 128 + n stopped by signal n. */
    public static int run(String... arguments) {
        int code = run(
                create(Logs::begin),
                new PrintWriter(System.out, true, StandardCharsets.UTF_8),
                new PrintWriter(System.err, true, StandardCharsets.UTF_8),
                arguments);
        return code == 0 ? StopSignal.exitCode().orElse(0) : code;
    }

    /** Runs the command on the given output and error without setting up the log; for callers in this process. */
    public static int run(PrintWriter out, PrintWriter error, String... arguments) {
        return run(create(), out, error, arguments);
    }

    private static int run(CommandLine commands, PrintWriter out, PrintWriter error, String... arguments) {
        CommandLine root = commands.setOut(out).setErr(error);
        try {
            return root.execute(OptionOrder.commandFirst(root, arguments));
        } catch (Error e) { // picocli passes on throwables that are not Exceptions
            return Failures.report(e, root);
        }
    }

    static CommandLine create() {
        return create((config, command) -> {});
    }

    private static CommandLine create(BiConsumer<MillraceConfig, String> configured) {
        CommandLine root = new CommandLine(new MillraceCommand(configured));
        Commands.all().forEach(root::addSubcommand);
        root.registerConverter(Path.class, FileNames::path);
        root.registerConverter(Duration.class, new Durations());
        root.registerConverter(PushRequest.Target.class, new Words<>(PushRequest.Target.class));
        root.registerConverter(PushRequest.Order.class, new Words<>(PushRequest.Order.class));
        root.registerConverter(PushRequest.Split.class, new Words<>(PushRequest.Split.class));
        root.registerConverter(ExportFormat.class, new Words<>(ExportFormat.class));
        root.registerConverter(ProbeProtocol.Name.class, new Words<>(ProbeProtocol.Name.class));
        return root.setParameterExceptionHandler(Failures::wrongUsage)
                .setExecutionExceptionHandler(
                        (exception, commandLine, parsed) -> Failures.report(exception, commandLine))
                .setCaseInsensitiveEnumValuesAllowed(true);
    }
}

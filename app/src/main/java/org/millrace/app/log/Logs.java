package org.millrace.app.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.millrace.contract.config.LogConfig;
import org.millrace.contract.config.LogConfig.Format;
import org.millrace.contract.config.MillraceConfig;
import org.slf4j.LoggerFactory;

/**
 * The log of this process, set up from its configuration: Millrace's own messages go to standard error, those and the messages of all
 * libraries to a file. Libraries' warnings are not for users: Millrace itself reports whatever affects a run.
 */
public final class Logs {
    static final String OWN = "org.millrace";

    private Logs() {}

    /**
     * Replaces the setup of {@code logback.xml}, for the whole process.
     *
     * @param command of the process, which names the file
     */
    public static void begin(MillraceConfig config, String command) {
        begin((LoggerContext) LoggerFactory.getILoggerFactory(), config, command);
    }

    static void begin(LoggerContext context, MillraceConfig config, String command) {
        context.reset();
        LogConfig log = config.log();
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.WARN);
        context.getLogger(OWN).setLevel(level(log.level()));
        // "Not updating last stable offset", once a second from each consumer that is done with a partition
        context.getLogger("org.apache.kafka.clients.consumer.internals.OffsetFetcherUtils")
                .setLevel(Level.ERROR);
        log.byLogger().forEach((name, level) -> context.getLogger(name).setLevel(level(level)));
        root.addAppender(console(context, log.format()));
        LogFile file = new LogFile(fileOf(config, command), log, encoder(context, log.format(), true));
        file.setContext(context);
        file.start();
        root.addAppender(file);
    }

    /** The log file of a command. */
    public static Path fileOf(MillraceConfig config, String command) {
        String named = config.run().logFile();
        return named.isEmpty()
                ? config.run().data().resolve("logs").resolve(command.replace(' ', '-') + ".log")
                : Path.of(named);
    }

    private static Appender<ILoggingEvent> console(LoggerContext context, Format format) {
        ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setContext(context);
        console.setTarget("System.err");
        console.setEncoder(encoder(context, format, false));
        console.addFilter(new OwnMessages());
        console.start();
        return console;
    }

    private static Encoder<ILoggingEvent> encoder(LoggerContext context, Format format, boolean whole) {
        Encoder<ILoggingEvent> encoder = switch (format) {
            case TEXT -> text(context, whole);
            case JSON -> json();
        };
        encoder.setContext(context);
        encoder.start();
        return encoder;
    }

    private static Encoder<ILoggingEvent> text(LoggerContext context, boolean whole) {
        LineLayout layout = new LineLayout(whole);
        layout.setContext(context);
        layout.start();
        LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
        encoder.setCharset(StandardCharsets.UTF_8);
        encoder.setLayout(layout);
        return encoder;
    }

    private static Encoder<ILoggingEvent> json() {
        JsonEncoder encoder = new JsonEncoder();
        encoder.setWithSequenceNumber(false);
        encoder.setWithNanoseconds(false);
        encoder.setWithContext(false);
        encoder.setWithMarkers(false);
        encoder.setWithMDC(false);
        encoder.setWithMessage(false);
        encoder.setWithArguments(false);
        encoder.setWithFormattedMessage(true);
        return encoder;
    }

    private static Level level(LogConfig.Level level) {
        return switch (level) {
            case ERROR -> Level.ERROR;
            case WARN -> Level.WARN;
            case INFO -> Level.INFO;
            case DEBUG -> Level.DEBUG;
            case TRACE -> Level.TRACE;
        };
    }
}

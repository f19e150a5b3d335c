package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.millrace.contract.config.Setting.Effect;

/** What is logged beside the lines that a command prints: on standard error what a user can act on, everything in {@code run.log-file}. */
public record LogConfig(
        @Setting(
                value = "text",
                doc =
                        "form of the log's lines, on standard error and in the file: `text` or `json`, one object per line",
                effect = Effect.NONE)
        Format format,

        @Setting(
                value = "info",
                doc =
                        "minimum level of Millrace's own messages: `error`, `warn`, `info`, `debug` or `trace`; below `info` they go only to the file",
                effect = Effect.NONE)
        Level level,

        @Setting(
                value = "",
                doc =
                        "levels of other loggers, for example `org.apache.kafka=info,ai.djl=debug`: the longest matching name applies, else `warn`; they go only to the file",
                effect = Effect.NONE)
        String levels,

        @Setting(
                value = "10000000",
                doc = "size of the log file in bytes at which a new one is started",
                effect = Effect.NONE)
        long fileBytes,

        @Setting(value = "4", doc = "older log files that are kept, as FILE.1 and so on", effect = Effect.NONE)
        int files) {
    private static final long LEAST_BYTES = 1_000;

    public LogConfig {
        check(
                levels.isEmpty() || Arrays.stream(levels.split(",", -1)).allMatch(LogConfig::isLevelOfALogger),
                "log.levels must be LOGGER=LEVEL with commas between them (LEVEL: %s), but was '%s'",
                Arrays.stream(Level.values())
                        .map(known -> known.name().toLowerCase(Locale.ROOT))
                        .collect(Collectors.joining(", ")),
                levels);
        check(fileBytes >= LEAST_BYTES, "log.file-bytes must be at least %d, but was %d", LEAST_BYTES, fileBytes);
        check(files >= 1 && files <= 100, "log.files must be in [1, 100], but was %d", files);
    }

    /** How a line is written. */
    public enum Format {
        TEXT,
        JSON
    }

    /** How much it matters, the most first. */
    public enum Level {
        ERROR,
        WARN,
        INFO,
        DEBUG,
        TRACE
    }

    /** {@link #levels} by logger. */
    public Map<String, Level> byLogger() {
        Map<String, Level> byLogger = new TreeMap<>();
        if (!levels.isEmpty()) {
            for (String one : levels.split(",", -1)) {
                int equals = one.indexOf('=');
                byLogger.put(one.substring(0, equals).trim(), level(one.substring(equals + 1)));
            }
        }
        return byLogger;
    }

    private static boolean isLevelOfALogger(String text) {
        int equals = text.indexOf('=');
        return equals > 0
                && text.substring(0, equals).trim().matches("[A-Za-z_][\\w$.-]*")
                && Arrays.stream(Level.values())
                        .anyMatch(level -> level.name()
                                .equals(text.substring(equals + 1).trim().toUpperCase(Locale.ROOT)));
    }

    private static Level level(String text) {
        return Level.valueOf(text.trim().toUpperCase(Locale.ROOT));
    }
}

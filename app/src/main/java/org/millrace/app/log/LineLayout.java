package org.millrace.app.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.stream.Collectors;
import org.millrace.contract.OutsideText;

/**
 * A message as one line. Further lines of a message are indented, so that untrusted text cannot pass for a separate message, and control
 * characters are made visible ({@link OutsideText#visible}). Thread safe.
 */
public final class LineLayout extends LayoutBase<ILoggingEvent> {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

    private final boolean whole;

    /** For standard error, as configured in {@code logback.xml}. */
    public LineLayout() {
        this(false);
    }

    /** @param whole with date, level, thread, logger and stack trace: for a file */
    LineLayout(boolean whole) {
        this.whole = whole;
    }

    @Override
    public String doLayout(ILoggingEvent event) {
        Instant at = Instant.ofEpochMilli(event.getTimeStamp());
        StringBuilder line = new StringBuilder();
        if (whole) {
            line.append(at)
                    .append(' ')
                    .append(event.getLevel())
                    .append(" [")
                    .append(plain(event.getThreadName()))
                    .append("] ")
                    .append(event.getLoggerName())
                    .append(": ");
        } else {
            line.append(TIME.format(at)).append(' ');
        }
        line.append(plain(String.valueOf(event.getFormattedMessage()))).append('\n');
        if (whole && event.getThrowableProxy() != null) {
            line.append("    ")
                    .append(plain(ThrowableProxyUtil.asString(event.getThrowableProxy())
                            .strip()))
                    .append('\n');
        }
        return line.toString();
    }

    static String plain(String text) {
        return text.replace("\t", "    ").lines().map(OutsideText::visible).collect(Collectors.joining("\n    "));
    }
}

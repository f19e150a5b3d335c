package org.millrace.app.cli;

import ch.qos.logback.classic.pattern.MessageConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.stream.Collectors;
import org.millrace.contract.OutsideText;

/**
 * A log message without control characters and marks that reorder text; its further lines are indented, so that no text from outside can
 * look like a line of the log. Named {@code safeMsg} in logback.xml.
 */
public final class SafeMessage extends MessageConverter {
    private static final String INDENT = "\n         ";

    @Override
    public String convert(ILoggingEvent event) {
        String message = super.convert(event);
        return message == null ? "" : message.lines().map(OutsideText::visible).collect(Collectors.joining(INDENT));
    }
}

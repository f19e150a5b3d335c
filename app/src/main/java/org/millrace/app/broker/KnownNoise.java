package org.millrace.app.broker;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.List;

/** Keeps warnings off the screen that a healthy broker, or a client of it, gives at each start and stop, or that is told in other words. Named in logback.xml. */
public final class KnownNoise extends Filter<ILoggingEvent> {
    private static final List<String> PHRASES = List.of(
            "Performing controller activation.",
            "Attempting to close NetworkClient that has already been closed.",
            "Not updating last stable offset for partition", // a consumer that is done with it
            "Caught fenced group.instance.id"); // another watch over drift took over, which the user is told

    @Override
    public FilterReply decide(ILoggingEvent event) {
        String message = event.getFormattedMessage();
        return message != null && PHRASES.stream().anyMatch(message::contains) ? FilterReply.DENY : FilterReply.NEUTRAL;
    }
}

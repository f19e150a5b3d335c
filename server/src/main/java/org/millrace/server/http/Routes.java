package org.millrace.server.http;

import io.javalin.router.JavalinDefaultRoutingApi;
import java.util.Set;

/**
 * A group of paths of the server. Handlers run on the server's bounded threads: one that waits long must respond by a future ({@code
 * context.future}), and a stream of events must send a comment every few seconds, or {@link HttpServer#IDLE_MILLIS} ends it.
 */
@FunctionalInterface
public interface Routes extends AutoCloseable {
    /** Adds the paths, each with its {@link Parameters} if it accepts any; called once, before the server listens. */
    void addTo(JavalinDefaultRoutingApi router);

    /** Paths of health checks: served without the token, by their own threads. */
    default Set<String> healthPaths() {
        return Set.of();
    }

    /** Ends responses without an end, such as event streams; called once, before the server stops. */
    default void stopping() {}

    /** Releases the routes' resources; called once, after the last request. */
    @Override
    default void close() {}
}

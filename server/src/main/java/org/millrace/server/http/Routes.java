package org.millrace.server.http;

import io.javalin.router.JavalinDefaultRoutingApi;
import java.util.Set;

/**
 * Some paths of the server. Handlers run on the server's bounded threads: what waits long answers by a future ({@code
 * context.future}), and a stream of events sends a comment every few seconds, or {@link HttpServer#IDLE_MILLIS} ends it.
 */
@FunctionalInterface
public interface Routes extends AutoCloseable {
    /** Adds the paths, each with its {@link Parameters} where it takes any; called once, before the server listens. */
    void addTo(JavalinDefaultRoutingApi router);

    /** Paths of health checks: answered without the token, by threads of their own. */
    default Set<String> healthPaths() {
        return Set.of();
    }

    /** Ends answers that would go on for ever; called once, before the server stops. */
    default void stopping() {}

    /** Ends what the routes have begun; called once, after the last request. */
    @Override
    default void close() {}
}

package org.millrace.app.http;

import io.javalin.security.RouteRole;

/** Given to a route, says that it differs from the others in who may use it. */
public enum Access implements RouteRole {
    /** Answered without the token: health checks of a container, which carry none. */
    OPEN
}

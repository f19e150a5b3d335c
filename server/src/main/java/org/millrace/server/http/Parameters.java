package org.millrace.server.http;

import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.security.RouteRole;
import java.util.List;
import java.util.Locale;
import org.millrace.contract.config.Nearest;

/**
 * The query parameters that a route accepts, attached to it as a role; a route without this role accepts none. A request with any other is
 * refused, since a mistyped parameter would otherwise be ignored.
 */
public record Parameters(List<String> names) implements RouteRole {
    private static final String HEADER = "millrace-";

    public Parameters {
        names = List.copyOf(names);
    }

    public static Parameters of(String... names) {
        return new Parameters(List.of(names));
    }

    /** Throws {@link HttpProblem} 400 where the request has a parameter, or a {@code Millrace-} header, that its route does not accept. */
    static void check(Context context) {
        if (context.method().equals(HandlerType.HEAD)) { // has no route of its own
            return;
        }
        List<String> known = context.routeRoles().stream()
                .filter(Parameters.class::isInstance)
                .flatMap(role -> ((Parameters) role).names().stream())
                .toList();
        for (String name : Query.parse(context.queryString()).parameters().keySet()) {
            if (!known.contains(name) && !name.equals(Guard.TOKEN)) {
                throw unknown("query parameter '" + name + "'", name, known, "");
            }
        }
        for (String header : context.headerMap().keySet()) {
            String name = header.toLowerCase(Locale.ROOT);
            if (name.startsWith(HEADER) && !known.contains(name.substring(HEADER.length()))) {
                throw unknown("header '" + header + "'", name.substring(HEADER.length()), known, "Millrace-");
            }
        }
    }

    private static HttpProblem unknown(String what, String name, List<String> known, String prefix) {
        return new HttpProblem(
                400,
                known.isEmpty()
                        ? "there is no " + what + "; this path takes none"
                        : "there is no " + what + "; "
                                + Nearest.of(name, known)
                                        .map(word -> "did you mean " + prefix + word + "? This path takes ")
                                        .orElse("this path takes ")
                                + known);
    }
}

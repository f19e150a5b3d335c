package org.millrace.app.http;

import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.HandlerType;
import io.javalin.http.SameSite;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.Sha256;
import org.millrace.contract.config.HttpConfig;

/**
 * Who may ask: bearers of the token where one is set, and no foreign web page. A page elsewhere could point its own name at this
 * address (DNS rebinding), so on loopback the {@code Host} must be this machine's; and it could send a form, so what changes something
 * must come from here. Thread safe.
 */
final class Guard {
    private static final String COOKIE = "millrace";
    private static final String TOKEN = "token";
    private static final String BEARER = "Bearer ";
    private static final Set<HandlerType> READING = Set.of(HandlerType.GET, HandlerType.HEAD, HandlerType.OPTIONS);
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]", "::1");
    private static final Map<String, String> HEADERS = Map.of(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self';"
                    + " base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            "X-Content-Type-Options",
            "nosniff",
            "Referrer-Policy",
            "no-referrer",
            "Cross-Origin-Resource-Policy",
            "same-origin",
            "Cache-Control",
            "no-store");

    private final HttpConfig config;
    private final String cookie;

    Guard(HttpConfig config) {
        this.config = config;
        this.cookie = Sha256.of(("cookie of " + config.token()).getBytes(StandardCharsets.UTF_8));
    }

    /** Of every request, before anything of it is read. */
    void admit(Context context) {
        HEADERS.forEach(context::header);
        String host = Optional.ofNullable(context.header("Host")).orElse("").toLowerCase(Locale.ROOT);
        if (config.isLoopback() && !isOwn(withoutPort(host))) {
            throw new HttpProblem(
                    403,
                    "wanted a Host header of this machine (localhost, 127.0.0.1), but got '" + host
                            + "'; to serve other names set http.host and http.token");
        }
        if (!READING.contains(context.method()) && isForeign(context, host)) {
            throw new HttpProblem(403, "a web page of another origin must not change anything here");
        }
    }

    /** Of a request to a path that there is. */
    void identify(Context context) {
        if (config.token().isEmpty() || context.routeRoles().contains(Access.OPEN)) {
            return;
        }
        @Nullable String header = context.header("Authorization");
        if (header != null && header.startsWith(BEARER) && same(header.substring(BEARER.length()), config.token())) {
            return;
        }
        @Nullable String kept = context.cookie(COOKIE);
        if (kept != null && same(kept, cookie)) {
            return;
        }
        @Nullable String asked = context.queryParam(TOKEN);
        if (asked != null && READING.contains(context.method()) && same(asked, config.token())) {
            context.cookie(new Cookie(COOKIE, cookie, "/", -1, false, true, null, SameSite.STRICT));
            context.redirect(withoutToken(context), io.javalin.http.HttpStatus.SEE_OTHER);
            context.skipRemainingHandlers();
            return;
        }
        context.header("WWW-Authenticate", "Bearer");
        throw new HttpProblem(
                401,
                "wanted the token of http.token, as 'Authorization: Bearer TOKEN' or once in a browser as ?token=TOKEN, but got "
                        + (header == null && asked == null ? "none" : "another one"));
    }

    private boolean isOwn(String host) {
        return LOOPBACK.contains(host) || host.equals(config.host().toLowerCase(Locale.ROOT));
    }

    private static boolean isForeign(Context context, String host) {
        @Nullable String site = context.header("Sec-Fetch-Site");
        @Nullable String origin = context.header("Origin");
        boolean foreignSite = site != null && !site.equals("same-origin") && !site.equals("none");
        boolean foreignOrigin = origin != null
                && !origin.toLowerCase(Locale.ROOT).equals("http://" + host)
                && !origin.toLowerCase(Locale.ROOT).equals("https://" + host);
        return foreignSite || foreignOrigin;
    }

    private static String withoutPort(String host) {
        return host.replaceFirst(":\\d{1,5}$", "");
    }

    /** The path asked for without the token, which then stays out of the browser's history. */
    private static String withoutToken(Context context) {
        String query = context.queryParamMap().entrySet().stream()
                .filter(parameter -> !parameter.getKey().equals(TOKEN))
                .flatMap(parameter ->
                        parameter.getValue().stream().map(value -> encoded(parameter.getKey()) + "=" + encoded(value)))
                .collect(Collectors.joining("&"));
        String path = "/" + context.path().replaceFirst("^/+", ""); // never //host, which leads elsewhere
        return query.isEmpty() ? path : path + "?" + query;
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static boolean same(String left, String right) {
        return MessageDigest.isEqual(left.getBytes(StandardCharsets.UTF_8), right.getBytes(StandardCharsets.UTF_8));
    }
}

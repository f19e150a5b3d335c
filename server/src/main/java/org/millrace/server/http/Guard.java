package org.millrace.server.http;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HttpCookie;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.HttpConfig;

/**
 * Access control: requires a token with the right to the request where any is set, and refuses pages of other origins. Such a page could point its own host name at
 * this address (DNS rebinding), so on loopback the {@code Host} must be this machine's or that of {@code http.public-url}; it could also
 * submit a form or hold event streams open, so it may only link here. Checks headers only. Thread safe.
 */
final class Guard {
    static final String TOKEN = "token";
    static final Map<String, String> HEADERS = Map.of(
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

    private static final String COOKIE = "millrace";
    private static final String BEARER = "Bearer ";
    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]", "::1");

    private final HttpConfig config;
    private final Tokens tokens;
    /** The origin of browser requests through the proxy in front; blank where there is none. */
    private final String publicOrigin;

    Guard(HttpConfig config) {
        this.config = config;
        this.tokens = new Tokens(config, System::nanoTime);
        this.publicOrigin = config.publicUrl().toLowerCase(Locale.ROOT).replaceFirst("/$", "");
    }

    /** The redirect of a browser that sent the token, and the cookie that replaces the token from then on. */
    record Entry(String location, String cookie) {}

    /** Throws {@link HttpProblem} 403 for a request with another server's host name, or from a page of another origin. */
    void admit(Request request) {
        String host = header(request, HttpHeader.HOST).orElse("").toLowerCase(Locale.ROOT);
        if (config.isLoopback() && !isOwn(host)) {
            throw new HttpProblem(
                    403,
                    "wanted a Host header of this machine (localhost, 127.0.0.1), but got '" + host
                            + "'; to serve other names set http.host and http.token, or http.public-url behind a proxy");
        }
        if (isForeign(request, host) && !isLink(request)) {
            throw new HttpProblem(403, "refused: a web page of another origin may only link to this server");
        }
    }

    /**
     * Throws {@link HttpProblem} 401 for a request without a token, 403 for one whose token lacks the right to it, and 429 for one more than
     * its rate allows; returns an entry where the token was in the address.
     */
    Optional<Entry> identify(Request request, Query query) {
        if (!config.isGuarded()) {
            return Optional.empty();
        }
        Optional<String> header = header(request, HttpHeader.AUTHORIZATION);
        Optional<Tokens.Holder> holder = header.filter(value -> value.startsWith(BEARER))
                .flatMap(value -> tokens.ofToken(value.substring(BEARER.length())))
                .or(() -> cookies(request).stream()
                        .filter(kept -> kept.getName().equals(COOKIE))
                        .flatMap(kept -> tokens.ofCookie(kept.getValue()).stream())
                        .findFirst());
        if (holder.isPresent()) {
            requireRight(holder.get(), request);
            requireRate(holder.get());
            return Optional.empty();
        }
        Optional<String> asked = query.get(TOKEN);
        Optional<Tokens.Holder> entering =
                READING.contains(request.getMethod()) ? asked.flatMap(tokens::ofToken) : Optional.empty();
        if (entering.isPresent()) {
            requireRight(entering.get(), request);
            requireRate(entering.get());
            String kept = COOKIE + "=" + entering.get().cookie() + "; Path=/; HttpOnly; SameSite=Strict"
                    + (publicOrigin.startsWith("https:") ? "; Secure" : "");
            return Optional.of(new Entry(withoutToken(request, query), kept));
        }
        throw new HttpProblem(
                401,
                "wanted the token of http.token" + (config.tokensFile().isEmpty() ? "" : " or of http.tokens-file")
                        + ", as 'Authorization: Bearer TOKEN' or once in a browser as ?token=TOKEN, but got "
                        + (header.isEmpty() && asked.isEmpty() ? "none" : "another one"));
    }

    private static void requireRight(Tokens.Holder holder, Request request) {
        Tokens.Right wanted = wanted(request);
        if (!holder.rights().contains(wanted)) {
            throw new HttpProblem(
                    403,
                    "the token '" + holder.name() + "' has no right to " + wanted.word() + ", which "
                            + request.getMethod() + " of this path needs; it has " + holder.words()
                            + " (http.tokens-file)");
        }
    }

    private static void requireRate(Tokens.Holder holder) {
        holder.limit()
                .ifPresent(limit -> limit.take().ifPresent(seconds -> {
                    throw HttpProblem.tooMany(
                            "the token '" + holder.name() + "' may make " + limit.perSecond() + " requests a second"
                                    + " (http.tokens-file), and has made more; try again in " + seconds + " s",
                            seconds);
                }));
    }

    /** Only the exact paths need less than everything, so another way of writing one does not open it. */
    private static Tokens.Right wanted(Request request) {
        if (READING.contains(request.getMethod())) {
            return Tokens.Right.READ;
        }
        return switch (String.valueOf(request.getHttpURI().getPath())) {
            case "/v1/images" -> Tokens.Right.PUSH;
            case "/v1/embed" -> Tokens.Right.EMBED;
            case "/dashboard/neighbours" -> Tokens.Right.READ; // the image to look for is its body
            default -> Tokens.Right.ADMIN;
        };
    }

    /** The client's address: that of the connection, or the one that the proxy in front of {@code http.public-url} reports. */
    String client(Request request) {
        String address = String.valueOf(Request.getRemoteAddr(request));
        Optional<String> forwarded = header(request, HttpHeader.X_FORWARDED_FOR);
        return !publicOrigin.isEmpty() && LOOPBACK.contains(address) && forwarded.isPresent()
                ? forwarded.get().replaceFirst("^.*,", "").strip() // the last one was added by the proxy
                : address;
    }

    private boolean isOwn(String host) {
        String name = host.replaceFirst(":\\d{1,5}$", "");
        return LOOPBACK.contains(name)
                || name.equals(config.host().toLowerCase(Locale.ROOT))
                || (!publicOrigin.isEmpty()
                        && host.equals(URI.create(publicOrigin).getRawAuthority()));
    }

    private boolean isForeign(Request request, String host) {
        @Nullable String site = request.getHeaders().get("Sec-Fetch-Site");
        Optional<String> origin = header(request, HttpHeader.ORIGIN).map(value -> value.toLowerCase(Locale.ROOT));
        boolean foreignSite = site != null && !site.equals("same-origin") && !site.equals("none");
        boolean foreignOrigin = origin.isPresent()
                && !List.of("http://" + host, "https://" + host, publicOrigin).contains(origin.get());
        return foreignSite || foreignOrigin;
    }

    /** Whether the user followed a link: the browser shows the response as a page and hides it from the linking page. */
    private static boolean isLink(Request request) {
        return READING.contains(request.getMethod())
                && "navigate".equals(request.getHeaders().get("Sec-Fetch-Mode"))
                && "document".equals(request.getHeaders().get("Sec-Fetch-Dest"));
    }

    /** The requested path without the token, which keeps it out of the browser's history. */
    private static String withoutToken(Request request, Query query) {
        String parameters = query.parameters().entrySet().stream()
                .filter(parameter -> !parameter.getKey().equals(TOKEN))
                .map(parameter -> encoded(parameter.getKey()) + "=" + encoded(parameter.getValue()))
                .collect(Collectors.joining("&"));
        String path =
                "/" + request.getHttpURI().getPath().replaceFirst("^/+", ""); // never //host, which leads elsewhere
        return parameters.isEmpty() ? path : path + "?" + parameters;
    }

    private static List<HttpCookie> cookies(Request request) {
        try {
            return Request.getCookies(request);
        } catch (RuntimeException e) { // Jetty has several for malformed ones
            throw new HttpProblem(400, "the Cookie header is malformed");
        }
    }

    private static Optional<String> header(Request request, HttpHeader name) {
        return Optional.ofNullable(request.getHeaders().get(name));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}

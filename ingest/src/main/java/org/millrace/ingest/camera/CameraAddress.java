package org.millrace.ingest.camera;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import org.millrace.contract.UserException;

/**
 * Where a camera sends its frames over HTTP. {@link #shown} leaves out what may be secret: the name and password, and the query, in which
 * many cameras expect them. Nothing else of it may be shown or logged.
 */
public final class CameraAddress {
    private final URI uri; // without name and password
    private final String shown;
    private final Optional<String> authorization;

    private CameraAddress(URI uri, String shown, Optional<String> authorization) {
        this.uri = uri;
        this.shown = shown;
        this.authorization = authorization;
    }

    /** Whether the text is meant as an address rather than a path. */
    public static boolean isMeant(String text) {
        return text.matches("(?i)[a-z][a-z0-9+.-]*://.*");
    }

    /** @throws UserException if it is no address of a camera over HTTP; the message does not repeat it */
    public static CameraAddress parse(String text) {
        if (text.matches("(?i)(rtsps?|rtmp|udp)://.*")) {
            throw new UserException(
                    "watch: it reads cameras over http and https only. For others: ffmpeg -i ADDRESS -an -c:v mjpeg -q:v 3 -f mjpeg - | millrace push --mjpeg - --source NAME");
        }
        URI given;
        try {
            given = new URI(text);
        } catch (URISyntaxException e) { // its message has the address
            throw unusable("at character " + (e.getIndex() + 1) + ": " + e.getReason());
        }
        if (!"http".equalsIgnoreCase(given.getScheme()) && !"https".equalsIgnoreCase(given.getScheme())) {
            throw unusable("its scheme is '" + given.getScheme() + "'");
        }
        if (given.getHost() == null) {
            throw unusable("it names no host");
        }
        if ((given.getRawPath() + given.getRawQuery()).contains("@") || given.getRawFragment() != null) {
            throw unusable("it has @ behind the host, or #: part of a password?");
        }
        String port = given.getPort() < 0 ? "" : ":" + given.getPort();
        String path = given.getRawPath().isEmpty() ? "/" : given.getRawPath();
        String shown = given.getScheme() + "://" + given.getHost() + port + path;
        String query = given.getRawQuery() == null ? "" : "?" + given.getRawQuery();
        Optional<String> authorization = Optional.ofNullable(given.getUserInfo())
                .map(user -> "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8)));
        return new CameraAddress(URI.create(shown + query), shown, authorization);
    }

    /** The address without name, password and query. */
    public String shown() {
        return shown;
    }

    URI uri() {
        return uri;
    }

    /** The value of the header Authorization, if the address has a name and password. */
    Optional<String> authorization() {
        return authorization;
    }

    @Override
    public String toString() {
        return shown;
    }

    private static UserException unusable(String problem) {
        return new UserException(
                "watch: wanted http://[NAME:PASSWORD@]HOST[:PORT]/PATH, or https, with special characters written as %XX (@ is %40, / is %2F, # is %23), but the address is unusable: "
                        + problem);
    }
}

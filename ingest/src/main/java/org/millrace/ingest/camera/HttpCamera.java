package org.millrace.ingest.camera;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.millrace.contract.config.Secrets;
import org.millrace.ingest.source.FileReading;
import org.millrace.ingest.source.Names;

/** Connects to a camera that sends its frames over HTTP. Redirects are not followed, since another host must not get the password. */
final class HttpCamera {
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final Duration ANSWER = Duration.ofSeconds(20);
    private static final String WANTED = "multipart/x-mixed-replace";

    private final CameraAddress address;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT)
            .build();

    HttpCamera(CameraAddress address) {
        this.address = address;
    }

    /**
     * The body of the camera's answer, which the caller closes, on any thread. Its parts need no parsing: the frames show where they begin
     * and end.
     *
     * @throws IOException if the camera does not answer, or with something else; {@link #why} puts that in words
     */
    InputStream connect() throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(address.uri()).timeout(ANSWER);
        address.authorization().ifPresent(value -> request.header("Authorization", value));
        HttpResponse<InputStream> response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        Optional<String> problem = problem(response);
        if (problem.isPresent()) {
            response.body().close();
            throw new IOException(problem.get());
        }
        return response.body();
    }

    /** What went wrong, in words, without the address. */
    static String why(IOException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
                return "no such host";
            }
        }
        if (failure instanceof HttpTimeoutException) {
            return "no answer";
        }
        if (failure instanceof ConnectException && failure.getMessage() == null) {
            return "connection refused";
        }
        return Names.shown(FileReading.why(failure));
    }

    private static Optional<String> problem(HttpResponse<?> response) {
        int status = response.statusCode();
        if (status / 100 == 3) {
            String to = response.headers().firstValue("location").orElse("nowhere");
            return Optional.of("it answered %d and points to %s; give that address"
                    .formatted(status, Names.shown(Secrets.withoutPassword(to.replaceFirst("[?].*", "?…")))));
        }
        if (status != 200) {
            return Optional.of("it answered %d%s".formatted(status, hint(status)));
        }
        String type = response.headers().firstValue("content-type").orElse("no content type");
        String lower = type.toLowerCase(Locale.ROOT);
        if (lower.startsWith("image/")) {
            return Optional.of("it sends one picture (%s), wanted %s: the address of its MJPEG stream"
                    .formatted(Names.shown(type), WANTED));
        }
        return lower.startsWith("multipart/") || lower.matches("video/.*jpeg.*")
                ? Optional.empty()
                : Optional.of("it sends %s, wanted %s".formatted(Names.shown(type), WANTED));
    }

    private static String hint(int status) {
        return switch (status) {
            case 401 ->
                ": it wants a name and password, http://NAME:PASSWORD@HOST/…, or digest authentication, which only ffmpeg has (docs/cameras.md)";
            case 403 -> ": it refuses this name and password";
            case 404 -> ": it has no such path";
            default -> "";
        };
    }
}

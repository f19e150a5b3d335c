package org.millrace.encoder.image;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.millrace.contract.Sha256;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ImagesConfig;

/**
 * Images too large for the log, stored at a {@code file:} or {@code https:} URI that their record names together
 * with their SHA-256. Nothing outside the allowed places is opened: links are followed before a path is compared, redirections are not
 * followed. Thread safe.
 */
public final class ClaimChecks {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int ATTEMPTS = 3;
    private static final long PAUSE_MILLIS = 500;

    private final List<String> places;
    private final int maxBytes;
    private final Supplier<HttpClient> http;
    private final ClaimCheckBody.Limits limits;

    /** What {@code images.claim-check-allow} allows. */
    public ClaimChecks(ImagesConfig images) {
        this(images.claimCheckPlaces(), images.claimCheckMaxBytes(), Client::shared, ClaimCheckBody.Limits.USUAL);
    }

    ClaimChecks(List<String> places, int maxBytes, Supplier<HttpClient> http, ClaimCheckBody.Limits limits) {
        this.places = List.copyOf(places);
        this.maxBytes = maxBytes;
        this.http = http;
        this.limits = limits;
    }

    /**
     * The encoded image.
     *
     * @param sha256 of its bytes, hexadecimal
     * @throws UndecodableImageException where the location is not allowed, or the bytes are missing or have another SHA-256
     */
    public byte[] fetch(String location, String sha256) throws UndecodableImageException {
        if (places.isEmpty()) {
            throw new UndecodableImageException("a claim-check record, and images.claim-check-allow is not set");
        }
        if (!sha256.matches("[0-9a-fA-F]{64}")) {
            throw new UndecodableImageException("a claim-check record without a SHA-256 in its header sha256");
        }
        URI uri = uri(location);
        byte[] file = "file".equals(uri.getScheme()) ? ofFile(uri) : ofAddress(uri);
        if (!Sha256.of(file).equals(sha256.toLowerCase(Locale.ROOT))) {
            throw new UndecodableImageException("the claim-check's bytes have another SHA-256 than its record says");
        }
        return file;
    }

    private static URI uri(String location) throws UndecodableImageException {
        try {
            URI uri = new URI(location);
            if (uri.getScheme() != null && uri.getScheme().matches("file|https")) {
                return uri;
            }
        } catch (URISyntaxException e) {
            throw new UndecodableImageException("the claim-check's location is not a URI");
        }
        throw new UndecodableImageException("the claim-check's location is neither a file: nor an https: URI");
    }

    /** A missing file and a forbidden one give the same message, so that records cannot probe which files this machine has. */
    private byte[] ofFile(URI uri) throws UndecodableImageException {
        Path file;
        try {
            if (uri.getAuthority() != null || uri.getQuery() != null || uri.getFragment() != null) {
                throw notAllowed();
            }
            file = Path.of(uri).toRealPath(); // where links lead
            if (!isAllowed(file)) {
                throw notAllowed();
            }
        } catch (IOException | IllegalArgumentException e) {
            throw notAllowed();
        }
        try {
            return read(file);
        } catch (IOException e) {
            throw new UndecodableImageException("the claim-check's file cannot be read");
        }
    }

    private boolean isAllowed(Path file) throws IOException {
        for (String place : places) {
            if (place.startsWith("/") && file.startsWith(Path.of(place).toRealPath())) {
                return true;
            }
        }
        return false;
    }

    private byte[] read(Path file) throws IOException, UndecodableImageException {
        if (!Files.isRegularFile(file)) {
            throw new UndecodableImageException("the claim-check's location is not a file");
        }
        try (InputStream in = Files.newInputStream(file)) {
            return bounded(in.readNBytes(maxBytes + 1));
        }
    }

    private byte[] ofAddress(URI uri) throws UndecodableImageException {
        String path = uri.getPath();
        boolean plain = uri.getUserInfo() == null
                && path != null
                && uri.normalize().equals(uri)
                && !path.contains("/../")
                && !path.endsWith("/..")
                && !path.contains("\\");
        if (!plain || places.stream().noneMatch(place -> covers(place, uri))) {
            throw notAllowed();
        }
        String problem = "";
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            try {
                HttpResponse<byte[]> response = ClaimCheckBody.fetch(
                        http.get(),
                        HttpRequest.newBuilder(uri).timeout(PATIENCE).build(),
                        maxBytes,
                        limits);
                if (response.statusCode() == 200) {
                    return bounded(response.body());
                }
                problem = "status " + response.statusCode();
                if (response.statusCode() < 500) {
                    break;
                }
                Thread.sleep(PAUSE_MILLIS * attempt);
            } catch (ClaimCheckBody.SlowException e) {
                problem = "it comes too slowly";
                break;
            } catch (IOException e) {
                problem = e.getClass().getSimpleName();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new UserException("interrupted while a claim-check's image was being fetched", e);
            }
        }
        throw new UndecodableImageException("the claim-check's address gave no image: " + problem);
    }

    private static boolean covers(String place, URI uri) {
        if (!place.startsWith("https:")) {
            return false;
        }
        URI allowed = URI.create(place);
        return allowed.getHost().equalsIgnoreCase(uri.getHost())
                && allowed.getPort() == uri.getPort()
                && uri.getPath().startsWith(allowed.getPath());
    }

    private byte[] bounded(byte[] bytes) throws UndecodableImageException {
        if (bytes.length > maxBytes) {
            throw new UndecodableImageException(
                    "the claim-check's image is larger than " + maxBytes + " bytes (images.claim-check-max-bytes)");
        }
        return bytes;
    }

    private static UndecodableImageException notAllowed() {
        return new UndecodableImageException("the claim-check points outside images.claim-check-allow, or to nothing");
    }

    private static final class Client {
        private static final HttpClient SHARED = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(PATIENCE)
                .build();

        static HttpClient shared() {
            return SHARED;
        }
    }
}

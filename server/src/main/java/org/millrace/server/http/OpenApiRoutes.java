package org.millrace.server.http;

import io.javalin.router.JavalinDefaultRoutingApi;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;

/** {@code GET /v1/openapi.json}: the description of every path, an OpenAPI 3.1 file. */
public final class OpenApiRoutes implements Routes {
    static final String PATH = "/v1/openapi.json";
    private static final String FILE = "openapi.json";

    @Override
    public void addTo(JavalinDefaultRoutingApi router) {
        byte[] file = file();
        router.get(PATH, context -> context.contentType("application/json").result(file));
    }

    static byte[] file() {
        try (InputStream in = Objects.requireNonNull(OpenApiRoutes.class.getResourceAsStream(FILE), FILE)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

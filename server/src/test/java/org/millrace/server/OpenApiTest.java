package org.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.javalin.http.ExceptionHandler;
import io.javalin.http.Handler;
import io.javalin.router.Endpoint;
import io.javalin.router.JavalinDefaultRoutingApi;
import io.javalin.security.RouteRole;
import io.javalin.websocket.WsConfig;
import io.javalin.websocket.WsExceptionHandler;
import io.javalin.websocket.WsHandlerType;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.EncoderWatch;
import org.millrace.server.embed.EmbeddingQueue;
import org.millrace.server.http.OpenApiRoutes;
import org.millrace.server.http.Routes;

final class OpenApiTest {
    /** Documented paths, for programs; the dashboard's own paths are internal. */
    private static final String DESCRIBED = "(/v1|/metrics|/healthz|/readyz).*";

    private final JsonNode description = read();

    private static JsonNode read() {
        try {
            return new ObjectMapper().readTree(OpenApiRoutes.class.getResourceAsStream("openapi.json"));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void description_everyRouteIsInItAndEveryPathOfItIsARoute() {
        Set<String> described = new TreeSet<>();
        description
                .get("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .fieldNames()
                        .forEachRemaining(method ->
                                described.add(method.toUpperCase(java.util.Locale.ROOT) + " " + path.getKey())));
        assertThat(routes()).isEqualTo(described);
    }

    @Test
    void description_everyReferenceLeadsSomewhere() {
        List<String> references = description.findValuesAsText("$ref");
        assertThat(references).hasSizeGreaterThan(10).allSatisfy(reference -> {
            assertThat(description.at(reference.substring(1)).isMissingNode())
                    .as(reference)
                    .isFalse();
        });
        assertThat(description.get("openapi").asText()).startsWith("3.1");
    }

    /** The server's routes, without a broker. */
    private static Set<String> routes() {
        var config = new ConfigLoader().assignments(List.of()).load();
        var kafka = new KafkaSettings("127.0.0.1:1", Map.of());
        Recorder recorder = new Recorder();
        try (EncoderWatch encoders = EncoderWatch.watch(kafka, config.run().topics());
                EmbeddingQueue queue = EmbeddingQueue.start(config, encoders)) {
            for (Routes routes : HttpService.routes(config, kafka, encoders, queue, List::of)) {
                routes.addTo(recorder);
                routes.close();
            }
        }
        return recorder.routes;
    }

    /** Records the added routes. */
    private static final class Recorder implements JavalinDefaultRoutingApi {
        private final Set<String> routes = new TreeSet<>();

        @Override
        public JavalinDefaultRoutingApi addEndpoint(Endpoint endpoint) {
            if (endpoint.path.matches(DESCRIBED)) {
                routes.add(endpoint.method.name() + " " + endpoint.path);
            }
            return this;
        }

        @Override
        public <E extends Exception> JavalinDefaultRoutingApi exception(
                Class<E> type, ExceptionHandler<? super E> handler) {
            return this;
        }

        @Override
        public JavalinDefaultRoutingApi error(int status, String contentType, Handler handler) {
            return this;
        }

        @Override
        public <E extends Exception> JavalinDefaultRoutingApi wsException(
                Class<E> type, WsExceptionHandler<? super E> handler) {
            return this;
        }

        @Override
        public JavalinDefaultRoutingApi addWsHandler(
                WsHandlerType type, String path, Consumer<WsConfig> handler, RouteRole... roles) {
            return this;
        }
    }
}

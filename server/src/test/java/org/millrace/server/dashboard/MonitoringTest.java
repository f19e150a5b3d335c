package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.HttpConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.server.http.HttpServer;
import org.millrace.server.http.HttpServer.TakenPort;

/** Without a broker: the process is alive but not ready, and only the metrics need the token. */
class MonitoringTest {
    private static final String TOKEN = "a-token-of-this-test";

    // nobody listens there; closing need not wait for long
    private static final KafkaSettings KAFKA =
            new KafkaSettings("127.0.0.1:1", Map.of("default.api.timeout.ms", "1000", "request.timeout.ms", "500"));

    private final HttpClient client = HttpClient.newHttpClient();

    @Test
    void healthAndMetrics_withATokenAndNoBroker_liveButAreNotReady() throws Exception {
        Dashboard dashboard = Dashboard.start(new ConfigLoader().load(), KAFKA, Clock.systemUTC(), List::of);
        try (HttpServer server = HttpServer.start(
                new HttpConfig("127.0.0.1", 0, TOKEN, "", "", ""), TakenPort.FAIL, 1_000, List.of(dashboard))) {
            HttpResponse<String> alive = get(server, "/healthz", "");
            assertThat(alive.statusCode()).isEqualTo(200);
            assertThat(alive.body()).isEqualTo("{\"status\":\"alive\"}");
            HttpResponse<String> ready = get(server, "/readyz", "");
            assertThat(ready.statusCode()).isEqualTo(503);
            assertThat(ready.body()).startsWith("{\"error\":\"the ");
            assertThat(get(server, "/metrics", "").statusCode()).isEqualTo(401);
            HttpResponse<String> metrics = get(server, "/metrics", TOKEN);
            assertThat(metrics.headers().firstValue("Content-Type"))
                    .contains("text/plain; version=0.0.4; charset=utf-8");
            await().atMost(Duration.ofMinutes(5))
                    .untilAsserted(() -> assertThat(
                                    new Scrape(get(server, "/metrics", TOKEN).body())
                                            .value("millrace_topics_read_ratio", "main"))
                            .isZero());
        }
    }

    private HttpResponse<String> get(HttpServer server, String path, String token) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.address().resolve(path));
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        return client.send(request.build(), BodyHandlers.ofString());
    }
}

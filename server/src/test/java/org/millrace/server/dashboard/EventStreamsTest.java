package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.javalin.router.JavalinDefaultRoutingApi;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.millrace.contract.config.HttpConfig;
import org.millrace.server.http.HttpServer;
import org.millrace.server.http.HttpServer.TakenPort;
import org.millrace.server.http.Routes;

final class EventStreamsTest {
    private static final HttpConfig OPEN = new HttpConfig("127.0.0.1", 0, "", "", "", "");
    private static final int PATIENCE_MILLIS = 300_000; // only a hang takes that long

    @Test
    void answer_morePagesThanMayBeOpen_503AndTheOthersGoOn() throws Exception {
        LiveState live = new LiveState("test");
        EventStreams streams = new EventStreams(live);
        List<Socket> pages = new ArrayList<>();
        List<BufferedReader> lines = new ArrayList<>();
        try (HttpServer server = HttpServer.start(OPEN, TakenPort.FAIL, 100_000, List.of(routes(streams)))) {
            for (int i = 0; i < EventStreams.MOST_WATCHERS; i++) {
                Socket page = new Socket(
                        InetAddress.getLoopbackAddress(), server.address().getPort());
                pages.add(page);
                page.setSoTimeout(PATIENCE_MILLIS);
                page.getOutputStream().write("""
                        GET /events HTTP/1.1\r
                        Host: localhost\r
                        Accept: text/event-stream\r
                        \r
                        """.getBytes(StandardCharsets.ISO_8859_1));
                lines.add(new BufferedReader(new InputStreamReader(page.getInputStream(), StandardCharsets.UTF_8)));
                assertThat(lines.get(i).readLine()).isEqualTo("HTTP/1.1 200 OK");
            }
            HttpResponse<String> refused = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create(server.address() + "events"))
                                    .header("Accept", "text/event-stream")
                                    .timeout(Duration.ofMillis(PATIENCE_MILLIS))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.body()).contains("24 pages are open already");
            live.put("later", "seen");
            live.flush();
            for (BufferedReader page : lines) {
                assertThat(page.lines().filter(line -> line.contains("later")).findFirst())
                        .isPresent();
            }
        } finally {
            for (Socket page : pages) {
                page.close();
            }
        }
    }

    private static Routes routes(EventStreams streams) {
        return new Routes() {
            @Override
            public void addTo(JavalinDefaultRoutingApi router) {
                router.get("/events", streams::answer);
            }

            @Override
            public void stopping() {
                streams.close();
            }
        };
    }
}

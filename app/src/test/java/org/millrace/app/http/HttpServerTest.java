package org.millrace.app.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.app.http.HttpServer.TakenPort;
import org.millrace.contract.UserException;
import org.millrace.contract.config.HttpConfig;

final class HttpServerTest {
    private static final String TOKEN = "a-token-of-this-test";
    private static final HttpConfig OPEN = new HttpConfig("127.0.0.1", 0, "", "");
    private static final HttpConfig WITH_TOKEN = new HttpConfig("127.0.0.1", 0, TOKEN, "");

    private final HttpClient client = HttpClient.newHttpClient();

    private static Routes routes() {
        return router -> {
            router.get("/page", context -> context.result("page"));
            router.get("/health", context -> context.result("good"), Access.OPEN);
            router.post("/length", context -> context.result(String.valueOf(context.bodyAsBytes().length)));
            router.get("/fault", context -> {
                throw new IllegalStateException("inner matters");
            });
            router.get("/busy", context -> {
                throw HttpProblem.busy("later");
            });
            router.get("/user", context -> {
                throw new UserException("no encoder yet");
            });
        };
    }

    private static HttpServer start(HttpConfig config) {
        return HttpServer.start(config, TakenPort.FAIL, 100_000, List.of(routes()));
    }

    private HttpResponse<String> get(HttpServer server, String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.address().resolve(path));
        return client.send((headers.length > 0 ? request.headers(headers) : request).build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> post(HttpServer server, int bytes, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.address().resolve("/length"))
                .POST(BodyPublishers.ofByteArray(new byte[bytes]));
        return client.send((headers.length > 0 ? request.headers(headers) : request).build(), BodyHandlers.ofString());
    }

    /** What the server answers to these bytes, headers as the client of the JDK does not let one write them. */
    private static String raw(HttpServer server, String request) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    @Test
    void answer_whatIsNoSuccess_isJsonThatSaysWhat() throws Exception {
        try (HttpServer server = start(OPEN)) {
            assertThat(get(server, "/page").body()).isEqualTo("page");
            assertThat(get(server, "/page").headers().firstValue("Content-Security-Policy"))
                    .hasValueSatisfying(policy ->
                            assertThat(policy).contains("default-src 'none'").doesNotContain("unsafe"));

            HttpResponse<String> missing = get(server, "/nowhere");
            assertThat(missing.statusCode()).isEqualTo(404);
            assertThat(missing.body())
                    .isEqualTo("{\"error\":\"there is no GET /nowhere; /v1/openapi.json lists every path\"}");
            assertThat(missing.headers().firstValue("Content-Type")).contains("application/json");
            assertThat(missing.headers().firstValue("X-Content-Type-Options")).contains("nosniff");

            HttpResponse<String> method = get(server, "/length");
            assertThat(method.statusCode()).isEqualTo(405);
            assertThat(method.body()).contains("GET /length is not allowed; wanted POST");

            HttpResponse<String> fault = get(server, "/fault");
            assertThat(fault.statusCode()).isEqualTo(500);
            assertThat(fault.body())
                    .contains("unexpected failure")
                    .doesNotContain("inner")
                    .doesNotContain("millrace.app");

            HttpResponse<String> busy = get(server, "/busy");
            assertThat(busy.statusCode()).isEqualTo(429);
            assertThat(busy.headers().firstValue("Retry-After")).contains("1");

            assertThat(get(server, "/user").statusCode()).isEqualTo(503);
            assertThat(get(server, "/user").body()).isEqualTo("{\"error\":\"no encoder yet\"}");
        }
    }

    @Test
    void post_bodyOverTheBound_is413() throws Exception {
        try (HttpServer server = start(OPEN)) {
            assertThat(post(server, 100_000).body()).isEqualTo("100000");
            HttpResponse<String> large = post(server, 100_001);
            assertThat(large.statusCode()).isEqualTo(413);
            assertThat(large.body()).contains("(100000 bytes)");
        }
    }

    @Test
    void token_set_isAskedOfEveryRouteButOpenOnes() throws Exception {
        try (HttpServer server = start(WITH_TOKEN)) {
            assertThat(get(server, "/health").statusCode()).isEqualTo(200);
            HttpResponse<String> none = get(server, "/page");
            assertThat(none.statusCode()).isEqualTo(401);
            assertThat(none.headers().firstValue("WWW-Authenticate")).contains("Bearer");
            assertThat(none.body()).doesNotContain(TOKEN);
            assertThat(get(server, "/page", "Authorization", "Bearer another-token-here")
                            .statusCode())
                    .isEqualTo(401);
            assertThat(get(server, "/page?token=another-token-here").statusCode())
                    .isEqualTo(401);
            assertThat(post(server, 1).statusCode()).isEqualTo(401);

            assertThat(get(server, "/page", "Authorization", "Bearer " + TOKEN).body())
                    .isEqualTo("page");
            assertThat(post(server, 1, "Authorization", "Bearer " + TOKEN).body())
                    .isEqualTo("1");
        }
    }

    @Test
    void token_inTheAddress_becomesACookieAndLeavesTheAddress() throws Exception {
        try (HttpServer server = start(WITH_TOKEN)) {
            HttpResponse<String> first = get(server, "/page?a=1%262&token=" + TOKEN);
            assertThat(first.statusCode()).isEqualTo(303);
            assertThat(first.headers().firstValue("Location")).contains("/page?a=1%262");
            String cookie = first.headers().firstValue("Set-Cookie").orElseThrow();
            assertThat(cookie).contains("HttpOnly").contains("SameSite=Strict").doesNotContain(TOKEN);
            assertThat(get(server, "/page", "Cookie", cookie.substring(0, cookie.indexOf(';')))
                            .body())
                    .isEqualTo("page");
            assertThat(raw(
                            server,
                            "GET //evil.example/?token=" + TOKEN
                                    + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                    .doesNotContain("Location: //");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", ""})
    void host_ofAnotherName_isRefusedOnLoopback(String host) throws Exception {
        try (HttpServer server = start(OPEN)) {
            String answer = raw(server, "GET /page HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
            assertThat(answer).startsWith("HTTP/1.1 40").contains("{\"error\":").doesNotContain("\r\n\r\npage");
            assertThat(raw(server, "GET /page HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n"))
                    .endsWith("page");
        }
    }

    @Test
    void post_fromAForeignPage_isRefused() throws Exception {
        try (HttpServer server = start(OPEN)) {
            String own = "http://127.0.0.1:" + server.address().getPort();
            assertThat(post(server, 1, "Origin", own).body()).isEqualTo("1");
            assertThat(post(server, 1, "Sec-Fetch-Site", "same-origin").body()).isEqualTo("1");
            assertThat(post(server, 1, "Origin", "http://evil.example").statusCode())
                    .isEqualTo(403);
            assertThat(post(server, 1, "Origin", "null").statusCode()).isEqualTo(403);
            assertThat(post(server, 1, "Origin", own + "0").statusCode()).isEqualTo(403);
            assertThat(post(server, 1, "Sec-Fetch-Site", "cross-site").statusCode())
                    .isEqualTo(403);
            assertThat(post(server, 1, "Sec-Fetch-Site", "same-site").statusCode())
                    .isEqualTo(403);
        }
    }

    @Test
    void post_refusedBeforeItsBodyIsRead_isAnsweredOnceTheBodyHasCome() throws Exception {
        try (HttpServer server = start(OPEN)) {
            long begin = System.nanoTime();
            for (int i = 0; i < 10; i++) {
                assertThat(post(server, 100, "Origin", "http://evil.example").statusCode())
                        .isEqualTo(403);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - begin))
                    .as("ten answers, none of which waits the 2 s for a body that does not come")
                    .isLessThan(Duration.ofSeconds(10));
        }
    }

    @Test
    void answer_whatIsNoHttp_isJsonWithoutInnards() throws Exception {
        try (HttpServer server = start(OPEN)) {
            String answer = raw(server, "GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            assertThat(answer)
                    .startsWith("HTTP/1.1 400")
                    .contains("{\"error\":")
                    .doesNotContainIgnoringCase("jetty");
        }
    }

    @Test
    void start_portTaken_saysSoOrTakesTheNext() throws Exception {
        AtomicInteger closed = new AtomicInteger();
        Routes counted = new Routes() {
            @Override
            public void addTo(io.javalin.router.JavalinDefaultRoutingApi router) {
                router.get("/page", context -> context.result("page"));
            }

            @Override
            public void close() {
                closed.incrementAndGet();
            }
        };
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            HttpConfig config = new HttpConfig("127.0.0.1", other.getLocalPort(), "", "");
            assertThatThrownBy(() -> HttpServer.start(config, TakenPort.FAIL, 1000, List.of(counted)))
                    .isInstanceOf(UserException.class)
                    .hasMessageContaining("http.port " + other.getLocalPort() + " on 127.0.0.1 cannot be used")
                    .hasMessageContaining("--set http.port=PORT");
            assertThat(closed).hasValue(1);
            try (HttpServer server = HttpServer.start(config, TakenPort.TAKE_NEXT, 1000, List.of(counted))) {
                assertThat(server.address().getPort()).isGreaterThan(other.getLocalPort());
                assertThat(get(server, "/page").body()).isEqualTo("page");
                assertThat(URI.create(server.address().toString())).hasHost("127.0.0.1");
            }
            assertThat(closed).hasValue(2);
        }
    }
}

package org.millrace.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.javalin.router.JavalinDefaultRoutingApi;
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
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.UserException;
import org.millrace.contract.config.HttpConfig;
import org.millrace.server.http.HttpServer.TakenPort;

final class HttpServerTest {
    private static final String TOKEN = "a-token-of-this-test";
    private static final HttpConfig OPEN = new HttpConfig("127.0.0.1", 0, "", "", "", "");
    private static final HttpConfig WITH_TOKEN = new HttpConfig("127.0.0.1", 0, TOKEN, "", "", "");

    private final HttpClient client = HttpClient.newHttpClient();

    private static Routes routes() {
        return new Routes() {
            @Override
            public void addTo(JavalinDefaultRoutingApi router) {
                router.get(
                        "/page",
                        context -> {
                            String unused = context.queryParam("label");
                            context.result("page");
                        },
                        Parameters.of("label", "split"));
                router.get("/health", context -> context.result("good"));
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
            }

            @Override
            public Set<String> healthPaths() {
                return Set.of("/health");
            }
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

    /** The server's response to raw bytes, for headers that the JDK's client does not allow. */
    private static String raw(HttpServer server, String request) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            socket.setSoTimeout(300_000); // only a hang takes that long
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
            assertThat(large.body()).contains("the limit of 100000 bytes");
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
    void get_fromAForeignPage_isRefusedButForLinks() throws Exception {
        try (HttpServer server = start(OPEN)) {
            for (String site : List.of("cross-site", "same-site")) { // another port of this machine is the latter
                for (String mode : List.of("no-cors", "cors", "navigate")) {
                    assertThat(get(server, "/page", "Sec-Fetch-Site", site, "Sec-Fetch-Mode", mode)
                                    .statusCode())
                            .isEqualTo(403);
                }
            }
            assertThat(get(server, "/page", "Origin", "http://evil.example").statusCode())
                    .isEqualTo(403);
            String[] link = {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"
            };
            assertThat(get(server, "/page", link).body()).isEqualTo("page");
            assertThat(post(server, 1, link).statusCode()).isEqualTo(403);
        }
    }

    @Test
    void publicUrl_behindAProxy_cookieIsSecureAndItsNameAndOriginAreOurs() throws Exception {
        HttpConfig config = new HttpConfig("127.0.0.1", 0, TOKEN, "", "", "https://millrace.example");
        try (HttpServer server = start(config)) {
            String cookie = get(server, "/page?token=" + TOKEN)
                    .headers()
                    .firstValue("Set-Cookie")
                    .orElseThrow();
            assertThat(cookie).contains("; Secure");
            String bearer = "Authorization: Bearer " + TOKEN + "\r\nConnection: close\r\n";
            assertThat(raw(server, "GET /page HTTP/1.1\r\nHost: millrace.example\r\n" + bearer + "\r\n"))
                    .endsWith("page");
            String post = "POST /length HTTP/1.1\r\nContent-Length: 0\r\nOrigin: https://millrace.example\r\n" + bearer;
            assertThat(raw(server, post + "Host: millrace.example\r\n\r\n")).startsWith("HTTP/1.1 200");
            assertThat(raw(server, post + "Host: 127.0.0.1:8080\r\n\r\n"))
                    .as("a proxy that sets Host to what it connects to")
                    .startsWith("HTTP/1.1 200");
            assertThat(raw(server, "GET /page HTTP/1.1\r\nHost: evil.example\r\n" + bearer + "\r\n"))
                    .startsWith("HTTP/1.1 403");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/page?lable=cat, there is no query parameter 'lable'; did you mean label? This path takes",
        "/page?colour=red, there is no query parameter 'colour'; this path takes",
        "/health?x, there is no query parameter 'x'; this path takes none",
        "/page?label=a&label=b, is given twice",
        "/page?label=%zz, two hexadecimal digits",
        "/page?label=%f, two hexadecimal digits",
        "/page?label=%ff, is not UTF-8",
    })
    void get_badParameters_are400(String path, String words) throws Exception {
        try (HttpServer server = start(OPEN)) {
            String answer = raw(server, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            assertThat(answer)
                    .startsWith("HTTP/1.1 400")
                    .contains("{\"error\":")
                    .contains(words);
        }
    }

    @Test
    void get_contentTypeWithAnUnknownCharset_isTaken() throws Exception {
        try (HttpServer server = start(OPEN)) {
            assertThat(raw(
                            server,
                            String.join(
                                    "\r\n",
                                    "GET /page?label=a HTTP/1.1",
                                    "Host: localhost",
                                    "Connection: close",
                                    "Content-Type: text/plain; charset=no-such",
                                    "",
                                    "")))
                    .endsWith("page");
        }
    }

    @Test
    void post_codedBody_isRefusedAndNotTakenForTheFile() throws Exception {
        try (HttpServer server = start(OPEN)) {
            for (String coding : List.of("gzip", "deflate, gzip", "br", "x-unknown")) {
                HttpResponse<String> coded = post(server, 10, "Content-Encoding", coding);
                assertThat(coded.statusCode()).isEqualTo(415);
                assertThat(coded.body())
                        .contains("the body has 'Content-Encoding: " + coding + "', which this server does not undo");
            }
            assertThat(post(server, 10, "Content-Encoding", "identity").body()).isEqualTo("10");
        }
    }

    @Test
    void get_goodParameters_areTaken() throws Exception {
        try (HttpServer server = start(OPEN)) {
            assertThat(get(server, "/page?label=%C3%A9+%25&split=&").statusCode())
                    .isEqualTo(200);
            assertThat(get(server, "/page?token=" + TOKEN).statusCode())
                    .as("a bookmark of the time when there was one")
                    .isEqualTo(200);
            assertThat(get(server, "/page", "Millrace-Label", "a").statusCode()).isEqualTo(200);
            assertThat(get(server, "/page", "Millrace-Lable", "a").body()).contains("did you mean Millrace-label?");
        }
    }

    @Test
    void answer_whatIsNoHttp_isJsonWithoutInnards() throws Exception {
        try (HttpServer server = start(OPEN)) {
            for (String request : List.of(
                    "GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                    "GET /page HTTP/1.1\r\nConnection: close\r\n\r\n",
                    "GET /page HTTP/9.9\r\nHost: localhost\r\n\r\n",
                    "GET /page\r\n\r\n",
                    "hello\r\n\r\n",
                    "GET /page HTTP/1.1\r\nHost localhost\r\n\r\n",
                    "POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\nConnection: close\r\n\r\n",
                    "POST /length HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\n")) {
                String answer = raw(server, request);
                assertThat(answer)
                        .as(request)
                        .startsWith("HTTP/1.1 400")
                        .contains("{\"error\":", "wanted ")
                        .doesNotContain("\"Bad Request\"")
                        .doesNotContainIgnoringCase("jetty");
            }
            assertThat(raw(server, "GET /" + "a".repeat(9000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                    .contains("414", "the address is too long: wanted");
            assertThat(raw(server, "GET /page HTTP/1.1\r\nHost: localhost\r\nA: " + "a".repeat(9000) + "\r\n\r\n"))
                    .contains("431", "the headers are too long: wanted");
        }
    }

    @Test
    void start_portTaken_saysSoOrTakesTheNext() throws Exception {
        AtomicInteger closed = new AtomicInteger();
        Routes counted = new Routes() {
            @Override
            public void addTo(JavalinDefaultRoutingApi router) {
                router.get("/page", context -> context.result("page"));
            }

            @Override
            public void close() {
                closed.incrementAndGet();
            }
        };
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            HttpConfig config = new HttpConfig("127.0.0.1", other.getLocalPort(), "", "", "", "");
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

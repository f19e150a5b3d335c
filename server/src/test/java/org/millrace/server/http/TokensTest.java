package org.millrace.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.UserException;
import org.millrace.contract.config.HttpConfig;
import org.millrace.server.http.HttpServer.TakenPort;

/** Tokens with rights: what each may do on a real server, and how the file is read. */
class TokensTest {
    private static final String OWNER = "owner-owner-owner-owner";
    private static final String GATE = "gate-gate-gate-gate-gate";
    private static final String SEARCH = "search-search-search";
    private static final String BOSS = "boss-boss-boss-boss-boss";

    @TempDir
    private Path folder;

    private final AtomicLong nanos = new AtomicLong();
    private int written;

    @Test
    void request_tokenWithoutTheRight_isRefusedByName() throws Exception {
        write("# name rights token\n\ngate push " + GATE + "\nsearch embed,read " + SEARCH + "\nboss admin " + BOSS
                + "\n");
        Routes routes = router -> {
            for (String path : List.of("/v1/images", "/v1/embed", "/dashboard/rebase", "/dashboard/neighbours")) {
                router.post(path, context -> context.result("done"));
            }
            router.get("/v1/encoders", context -> context.result("list"));
        };
        try (HttpServer server = HttpServer.start(config(OWNER), TakenPort.FAIL, 100_000, List.of(routes))) {
            assertThat(statuses(server, GATE)).containsExactly(200, 403, 403, 403, 403);
            assertThat(statuses(server, SEARCH)).containsExactly(403, 200, 200, 403, 200);
            assertThat(statuses(server, BOSS)).containsOnly(200);
            assertThat(statuses(server, OWNER)).containsOnly(200);
            assertThat(statuses(server, "nobody-nobody-nobody")).containsOnly(401);
            assertThat(post(server, "/dashboard/rebase", GATE).body())
                    .contains("the token 'gate' has no right to admin", "it has push (http.tokens-file)");
            assertThat(post(server, "//v1/images", GATE).statusCode())
                    .as("another way to write it")
                    .isGreaterThanOrEqualTo(400);
            HttpResponse<String> entered = send(HttpRequest.newBuilder(at(server, "/v1/encoders?token=" + SEARCH)));
            assertThat(entered.statusCode()).isEqualTo(303);
            String cookie =
                    entered.headers().firstValue("Set-Cookie").orElseThrow().replaceFirst(";.*", "");
            assertThat(cookie).doesNotContain(SEARCH);
            assertThat(send(HttpRequest.newBuilder(at(server, "/v1/encoders")).header("Cookie", cookie))
                            .body())
                    .isEqualTo("list");
            assertThat(send(HttpRequest.newBuilder(at(server, "/v1/images"))
                                    .header("Cookie", cookie)
                                    .POST(BodyPublishers.ofByteArray(new byte[1])))
                            .statusCode())
                    .isEqualTo(403);
        }
    }

    @Test
    void request_moreThanTheRateOfItsToken_is429AndOthersAreServed() throws Exception {
        write("gate push " + GATE + " 0.01/s\nboss admin " + BOSS); // one in 100 s
        Routes routes = router -> router.post("/v1/images", context -> context.result("done"));
        try (HttpServer server = HttpServer.start(config(OWNER), TakenPort.FAIL, 100_000, List.of(routes))) {
            HttpResponse<String> last = post(server, "/v1/images", GATE);
            for (int i = 0; i < 1_000 && last.statusCode() == 200; i++) {
                last = post(server, "/v1/images", GATE);
            }
            assertThat(last.statusCode()).isEqualTo(429);
            assertThat(last.body()).contains("the token 'gate' may make 0.01 requests a second");
            assertThat(Integer.parseInt(last.headers().firstValue("Retry-After").orElseThrow()))
                    .isBetween(1, 100);
            assertThat(post(server, "/v1/images", BOSS).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void file_changed_isReadAgainAndAWrongOneIsNot() throws Exception {
        write("gate push " + GATE);
        Tokens tokens = new Tokens(config(""), nanos::get);
        assertThat(tokens.ofToken(GATE)).isPresent();
        assertThat(tokens.ofToken(SEARCH)).isEmpty();
        assertThat(tokens.ofToken("")).isEmpty();

        write("search read " + SEARCH);
        assertThat(tokens.ofToken(SEARCH))
                .as("within a second of the last look")
                .isEmpty();
        later();
        assertThat(tokens.ofToken(SEARCH)).isPresent();
        assertThat(tokens.ofToken(GATE)).as("taken back").isEmpty();

        write("search rule " + SEARCH);
        later();
        assertThat(tokens.ofToken(SEARCH)).isPresent();
        Files.delete(file());
        later();
        assertThat(tokens.ofToken(SEARCH)).isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gate push",
                "again push 0123456789abcdef",
                "gate push,pull 0123456789abcdef",
                "gate push short",
                "g/te push 0123456789abcdef",
                "a push 0123456789abcdef 5",
                "a push 0123456789abcdef 0/s",
                "a push 0123456789abcdef 5/s more",
                "a b c d"
            })
    void file_wrongLine_isNamedWithoutItsToken(String line) throws Exception {
        write("one read 0123456789abcdef\n" + line);
        assertThatThrownBy(() -> new Tokens(config(""), nanos::get))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("http.tokens-file " + file() + " cannot be used: line 2: ")
                .hasMessageNotContaining("0123456789abcdef");
    }

    @Test
    void file_openToOthersOrMissing_isRefused() throws Exception {
        assertThatThrownBy(() -> new Tokens(config(""), nanos::get)).hasMessageContaining("there is no such file");
        write("gate push " + GATE);
        Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> new Tokens(config(""), nanos::get)).hasMessageContaining("chmod 600");
    }

    private List<Integer> statuses(HttpServer server, String token) throws Exception {
        return List.of(
                post(server, "/v1/images", token).statusCode(),
                post(server, "/v1/embed", token).statusCode(),
                send(HttpRequest.newBuilder(at(server, "/v1/encoders")).header("Authorization", "Bearer " + token))
                        .statusCode(),
                post(server, "/dashboard/rebase", token).statusCode(),
                post(server, "/dashboard/neighbours", token).statusCode());
    }

    private static HttpResponse<String> post(HttpServer server, String path, String token) throws Exception {
        return send(HttpRequest.newBuilder(at(server, path))
                .header("Authorization", "Bearer " + token)
                .POST(BodyPublishers.ofByteArray(new byte[1])));
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
    }

    private static URI at(HttpServer server, String path) {
        return URI.create("http://127.0.0.1:" + server.address().getPort() + path);
    }

    private HttpConfig config(String token) {
        return new HttpConfig("127.0.0.1", 0, token, "", file().toString(), "");
    }

    private Path file() {
        return folder.resolve("tokens");
    }

    // with a time of its own, however fast the test is
    private void write(String text) throws IOException {
        Files.writeString(file(), text);
        Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("rw-------"));
        Files.setLastModifiedTime(file(), FileTime.fromMillis(1_700_000_000_000L + 1_000L * ++written));
    }

    private void later() {
        nanos.addAndGet(2_000_000_000L);
    }
}

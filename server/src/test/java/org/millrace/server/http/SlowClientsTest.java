package org.millrace.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.javalin.router.JavalinDefaultRoutingApi;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.millrace.contract.config.HttpConfig;
import org.millrace.server.http.HttpServer.TakenPort;

/** Clients that send slowly or not at all, under a clock of the test's own. */
@Timeout(value = 5, unit = TimeUnit.MINUTES) // only a hang takes that long
final class SlowClientsTest {
    private static final String TOKEN = "a-token-of-this-test";
    private static final int ROOM_BYTES = 100_000;
    /** More than there are threads. */
    private static final int MANY = 150;
    /** More than the socket buffers hold for a client that does not read, and less than the server buffers. */
    private static final int LARGE = 700_000;
    /** So long that only the test's own clock ends a connection. */
    private static final int NEVER_MILLIS = 600_000;

    private final AtomicLong nanos = new AtomicLong();
    private final Room room = new Room(ROOM_BYTES);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final Semaphore made = new Semaphore(0);
    private final Semaphore stuck = new Semaphore(0);
    private final List<Client> clients = new ArrayList<>();
    private final HttpClient http = HttpClient.newHttpClient();

    @AfterEach
    void leave() throws IOException {
        goOn.countDown();
        for (Client client : clients) {
            client.socket.close();
        }
    }

    @Test
    void upload_slowlyByMany_holdsNoThreadAndNoMemoryThatHasNotCome() throws Exception {
        try (HttpServer server = start("")) {
            for (int i = 0; i < MANY; i++) { // like forms that declare no length: each may grow
                Client client = new Client(server);
                client.send(String.join(
                        "\r\n",
                        "POST /length HTTP/1.1",
                        "Host: localhost",
                        "Transfer-Encoding: chunked",
                        "Expect: 100-continue",
                        "",
                        ""));
                client.awaitContinue();
                client.send("1\r\nx\r\n");
            }
            assertThat(get(server, "/health").statusCode()).isEqualTo(200);
            assertThat(get(server, "/page").body()).isEqualTo("page");
            assertThat(post(server, 10_000).body()).isEqualTo("10000");

            nanos.addAndGet(TimeUnit.SECONDS.toNanos(11));
            for (Client client : clients) {
                client.send("1\r\nx\r\n");
                assertThat(client.rest())
                        .startsWith("HTTP/1.1 408")
                        .contains("Connection: close")
                        .contains("the body arrives too slowly: 2 bytes in the last 11 s");
            }
            room.begin("198.51.100.1").grow(ROOM_BYTES * 3 / 4); // all memory has been released
        }
    }

    @Test
    void upload_withoutTheToken_isAnsweredAtOnceAndNeverRead() throws Exception {
        try (HttpServer server = start(TOKEN)) {
            for (int i = 0; i < MANY; i++) {
                Client client = new Client(server);
                client.send("POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n\r\nx");
                assertThat(client.rest()) // to the end of the connection, though the body never comes
                        .startsWith("HTTP/1.1 401")
                        .contains("WWW-Authenticate: Bearer");
            }
            room.begin("198.51.100.1").grow(ROOM_BYTES * 3 / 4);
        }
    }

    @Test
    void refused_whileItsBodyComes_theClientReadsTheAnswer() throws Exception {
        try (HttpServer server = start(TOKEN)) {
            for (int i = 0; i < 20; i++) {
                assertThat(post(server, 90_000).statusCode()).isEqualTo(401);
            }
        }
    }

    @Test
    void health_whileEveryWorkerIsStuck_answers() throws Exception {
        try (HttpServer server = start("")) {
            List<CompletableFuture<HttpResponse<String>>> waiting = new ArrayList<>();
            for (int i = 0; i < MANY; i++) {
                waiting.add(http.sendAsync(request(server, "/stuck").build(), BodyHandlers.ofString()));
            }
            stuck.acquire(48); // as many as there are workers
            for (int i = 0; i < 10; i++) {
                assertThat(get(server, "/health").statusCode()).isEqualTo(200);
            }
            goOn.countDown();
            for (var answer : waiting) {
                assertThat(answer.get().body()).isEqualTo("went on");
            }
        }
    }

    @Test
    void answers_readSlowlyByMany_holdNoWorkerAndEndTheConnection() throws Exception {
        try (HttpServer server = start("")) {
            for (int i = 0; i < 60; i++) { // more than there are workers
                Client client = new Client(server);
                client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
                assertThat(client.answers.read()).isEqualTo('H');
            }
            made.acquire(60);
            assertThat(get(server, "/page").body()).isEqualTo("page");

            for (Client client : clients) {
                client.awaitEnd();
            }
        }
    }

    @Test
    void answer_largerThanMayWaitAndReadAsFastAsItComes_isWhole() throws Exception {
        try (HttpServer server = start("")) {
            HttpResponse<byte[]> answer = http.send(request(server, "/larger").build(), BodyHandlers.ofByteArray());
            assertThat(answer.body()).isEqualTo(noise(3 * Answer.MOST_BYTES));
        }
    }

    private static byte[] noise(int bytes) {
        byte[] noise = new byte[bytes];
        new Random(1).nextBytes(noise);
        return noise;
    }

    private HttpServer start(String token) {
        Routes routes = new Routes() {
            @Override
            public void addTo(JavalinDefaultRoutingApi router) {
                router.get("/page", context -> context.result("page"));
                router.get("/large", context -> {
                    context.res().getOutputStream().write(noise(LARGE));
                    context.res().getOutputStream().close();
                    made.release();
                });
                router.get("/larger", context -> context.result(noise(3 * Answer.MOST_BYTES)));
                router.get("/health", context -> context.result("good"));
                router.post("/length", context -> context.result(String.valueOf(context.bodyAsBytes().length)));
                router.get("/stuck", context -> {
                    stuck.release();
                    goOn.await();
                    context.result("went on");
                });
            }

            @Override
            public Set<String> healthPaths() {
                return Set.of("/health");
            }
        };
        return HttpServer.start(
                new HttpConfig("127.0.0.1", 0, token, "", "", ""),
                TakenPort.FAIL,
                new HttpServer.Limits(ROOM_BYTES, room, NEVER_MILLIS, nanos::get),
                List.of(routes));
    }

    private static HttpRequest.Builder request(HttpServer server, String path) {
        URI uri = server.address().resolve(path);
        return HttpRequest.newBuilder(uri).version(HttpClient.Version.HTTP_1_1);
    }

    private HttpResponse<String> get(HttpServer server, String path) throws Exception {
        return http.send(request(server, path).build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> post(HttpServer server, int bytes) throws Exception {
        return http.send(
                request(server, "/length")
                        .POST(BodyPublishers.ofByteArray(new byte[bytes]))
                        .build(),
                BodyHandlers.ofString());
    }

    /** A connection on which the test sends raw bytes. */
    private final class Client {
        private final Socket socket;
        private final BufferedReader answers;

        Client(HttpServer server) throws IOException {
            socket = new Socket();
            socket.setReceiveBufferSize(8_192); // unread bytes wait at the server
            socket.connect(new InetSocketAddress(
                    InetAddress.getLoopbackAddress(), server.address().getPort()));
            answers = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
            clients.add(this);
        }

        void send(String text) throws IOException {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        /** Waits until the server asks for the body, which starts its time limit. */
        void awaitContinue() throws IOException {
            assertThat(answers.readLine()).isEqualTo("HTTP/1.1 100 Continue");
            assertThat(answers.readLine()).isEmpty();
        }

        /** Lets time pass without reading until the server closes the connection; bytes in socket buffers count as read at first. */
        void awaitEnd() throws InterruptedException {
            try {
                while (true) {
                    send("x");
                    nanos.addAndGet(TimeUnit.SECONDS.toNanos(21));
                    TimeUnit.MILLISECONDS.sleep(20);
                }
            } catch (IOException e) {
                // the server is gone
            }
        }

        /** Everything received until the connection ends. */
        String rest() throws IOException {
            StringBuilder rest = new StringBuilder();
            for (int c = answers.read(); c >= 0; c = answers.read()) {
                rest.append((char) c);
            }
            return rest.toString();
        }
    }
}

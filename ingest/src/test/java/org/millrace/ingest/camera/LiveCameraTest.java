package org.millrace.ingest.camera;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.UserException;
import org.millrace.ingest.source.EntryReader;

/** A camera's HTTP server that answers each connection by the next part of a script. */
final class LiveCameraTest {
    private static final String MULTIPART = "multipart/x-mixed-replace; boundary=\"--odd: 'boundary'\"";
    private static final int MOST = 100_000;

    /** One connection, from its request on. */
    private interface Connection {
        void answer(HttpExchange exchange, OutputStream body) throws IOException, InterruptedException;
    }

    private final Queue<Connection> script = new ConcurrentLinkedQueue<>();
    private final Queue<String> authorizations = new ConcurrentLinkedQueue<>();
    private final Queue<String> words = new ConcurrentLinkedQueue<>();
    private final Queue<Duration> pauses = new ConcurrentLinkedQueue<>();
    private final CountDownLatch over = new CountDownLatch(1);
    private final FrameCounts counts = new FrameCounts();
    private final TestFrames.Ticking clock = new TestFrames.Ticking(0);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private HttpServer server;

    @BeforeEach
    void startServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.setExecutor(threads);
        server.start();
    }

    @AfterEach
    void stopServer() {
        over.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    @Test
    void next_streamCutInTheMiddleThenRefusedThenBack_givesEveryWholeFrame() throws IOException {
        script.add(streaming((exchange, body) -> {
            part(body, "--odd: 'boundary'\r\nContent-Type: image/jpeg\r\n\r\n", TestFrames.jpeg(1));
            part(body, "\r\n--odd: 'boundary'\r\nContent-Length: 99999\r\n\r\n", TestFrames.jpeg(2));
            part(body, "\r\n--odd: 'boundary'\r\n\r\n", Arrays.copyOf(TestFrames.jpeg(3), 300));
        }));
        script.add((exchange, body) -> exchange.sendResponseHeaders(503, -1));
        script.add((exchange, body) -> exchange.sendResponseHeaders(401, -1));
        script.add(streaming((exchange, body) -> {
            part(body, "----odd: 'boundary'\n\n", TestFrames.jpeg(4));
            part(body, "\r\n", Arrays.copyOf(TestFrames.jpeg(5), 300));
            throw new IOException("the server closes the connection without ending the body");
        }));
        script.add(streaming((exchange, body) -> {
            part(body, "", TestFrames.jpeg(6)); // no boundary at all
            over.await();
        }));
        try (EntryReader frames = open()) {
            assertThat(bytes(frames)).isEqualTo(TestFrames.jpeg(1));
            assertThat(bytes(frames)).isEqualTo(TestFrames.jpeg(2));
            assertThatThrownBy(() -> bytes(frames)).hasMessageContaining("damaged JPEG: it is cut after");
            assertThat(bytes(frames)).isEqualTo(TestFrames.jpeg(4));
            assertThat(bytes(frames)).isEqualTo(TestFrames.jpeg(6)); // the frame under way went with the connection
        }
        assertThat(pauses).extracting(Duration::toSeconds).containsExactly(1L, 2L, 4L, 1L);
        assertThat(words).hasSize(4);
        assertThat(words.remove()).isEqualTo("gate3: the stream ended; connecting again until it is back");
        assertThat(words.remove()).isEqualTo("gate3 is back");
        assertThat(words.remove()).startsWith("gate3: ").endsWith("; connecting again until it is back");
        assertThat(words.remove()).isEqualTo("gate3 is back");
        assertThat(authorizations).hasSize(5).containsOnly("Basic dTpww6RzczpAL3dvcmQ="); // u:päss:@/word
    }

    @Test
    void next_silentCamera_isConnectedToAgain() throws IOException {
        script.add(streaming((exchange, body) -> {
            part(body, "\r\n", TestFrames.jpeg(1));
            over.await();
        }));
        script.add(streaming((exchange, body) -> {
            part(body, "\r\n", TestFrames.jpeg(2));
            over.await();
        }));
        try (EntryReader frames = open()) {
            frames.next();
            clock.move(LiveCamera.MOST_SILENCE.toMillis() + 1);
            assertThat(bytes(frames)).isEqualTo(TestFrames.jpeg(2));
        }
        assertThat(words)
                .containsExactly("gate3: no frame for 60 s; connecting again until it is back", "gate3 is back");
    }

    @Test
    void next_interrupted_endsAndCloses() throws IOException {
        script.add(streaming((exchange, body) -> over.await()));
        try (EntryReader frames = open()) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(frames::next).isInstanceOf(ClosedByInterruptException.class);
            assertThat(Thread.interrupted()).as("stays interrupted").isTrue();
        }
        assertThat(words).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    401 | text/html                  | it answered 401: it wants a name and password
                    403 | text/html                  | it answered 403: it refuses this name and password
                    404 | text/html                  | it answered 404: it has no such path
                    302 | text/html                  | it answered 302 and points to http://********@other/stream?…; give that address
                    200 | text/html; charset=utf-8   | it sends text/html; charset=utf-8, wanted multipart/x-mixed-replace
                    200 | image/jpeg                 | it sends one picture (image/jpeg), wanted multipart/x-mixed-replace
                    """)
    void open_answerWithoutFrames_saysWhatItIs(int status, String type, String problem) {
        script.add((exchange, body) -> {
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.getResponseHeaders().set("Location", "http://u:secret@other/stream?password=secret");
            exchange.sendResponseHeaders(status, -1);
        });
        assertThatThrownBy(this::open)
                .isInstanceOf(UserException.class)
                .hasMessageContaining(
                        "watch: http://127.0.0.1:%d/stream: %s",
                        server.getAddress().getPort(), problem)
                .hasMessageNotContaining("secret");
    }

    @Test
    void open_nobodyListens_saysThat() {
        server.stop(0);
        assertThatThrownBy(this::open).isInstanceOf(UserException.class).hasMessageContaining(": connection refused");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://u:secret@[broken/stream",
                "http://u:se cret@host/stream",
                "http://u:se/cret@host/stream",
                "http://u:1/secret@host/stream",
                "http://u:1?secret@host/stream",
                "http://u:1#secret@host/stream",
                "http://u:secret@/stream",
                "ftp://u:secret@host/stream",
                "rtsp://u:secret@host/stream"
            })
    void parse_unusableAddress_isRefusedWithoutItsSecret(String address) {
        assertThat(CameraAddress.isMeant(address)).isTrue();
        assertThatThrownBy(() -> CameraAddress.parse(address))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("watch: ")
                .hasMessageNotContaining("secret")
                .hasMessageNotContaining("cret");
    }

    @Test
    void shown_leavesOutWhatMayBeSecret() {
        CameraAddress address = CameraAddress.parse("http://u:secret@[::1]:8080/a%20b?user=u&pwd=secret");
        assertThat(address.shown()).isEqualTo("http://[::1]:8080/a%20b").isEqualTo(address.toString());
        assertThat(CameraAddress.parse("https://host").shown()).isEqualTo("https://host/");
        assertThat(CameraAddress.isMeant("photos/today")).isFalse();
    }

    private EntryReader open() throws IOException {
        CameraAddress address = CameraAddress.parse("http://u:p%%C3%%A4ss:%%40%%2Fword@127.0.0.1:%d/stream?pwd=1"
                .formatted(server.getAddress().getPort()));
        return LiveCamera.at(
                        address,
                        new CameraRequest("gate3", Duration.ZERO),
                        MOST,
                        counts,
                        words::add,
                        new CameraTime(clock, pauses::add))
                .open();
    }

    private static byte[] bytes(EntryReader frames) throws IOException {
        return frames.next().orElseThrow().reading().read(MOST).bytes();
    }

    private void answer(HttpExchange exchange) throws IOException {
        authorizations.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
        Connection next = script.remove();
        try {
            next.answer(exchange, exchange.getResponseBody());
            exchange.close(); // ends the body; after an exception the server closes the connection instead
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Answers 200 without a length; the end of the script closes the connection within the body. */
    private static Connection streaming(Connection parts) {
        return (exchange, body) -> {
            exchange.getResponseHeaders().set("Content-Type", MULTIPART);
            exchange.sendResponseHeaders(200, 0);
            parts.answer(exchange, body);
        };
    }

    private static void part(OutputStream body, String head, byte[] frame) throws IOException {
        body.write(head.getBytes(StandardCharsets.US_ASCII));
        body.write(frame);
        body.flush();
    }
}

package org.millrace.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.run.LoggedRecords;
import org.millrace.app.run.PatientKafka;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.config.BrokerConfig;

class PushCommandTest {
    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter error = new StringWriter();

    @BeforeAll
    static void startBroker() {
        broker = EmbeddedBroker.start(data, new BrokerConfig(0, -1), "test");
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Test
    void push_ofFolderWithOneTextFile_sendsImagesAndTellsReject() throws Exception {
        byte[] cat = png();
        Files.write(folder.resolve("cat.png"), cat);
        Files.write(Files.createDirectories(folder.resolve("below")).resolve("dog.png"), png());
        Files.writeString(folder.resolve("fake.jpg"), "this is no image");

        assertThat(push(folder.toString(), "--set", "images.topic=mixed", "--set", "images.rejected-topic=refused"))
                .isZero();

        assertThat(out.toString())
                .contains("pushed 2 images", "to topic mixed", "rejected 1: 1 not an image", "in topic refused");
        assertThat(records("mixed"))
                .hasSize(2)
                .anySatisfy(record -> assertThat(record.value()).isEqualTo(cat));
        assertThat(records("refused")).singleElement().satisfies(record -> {
            assertThat(ImageHeaders.text(record.headers(), ImageHeaders.REJECT_REASON))
                    .isPresent();
            assertThat(ImageHeaders.text(record.headers(), ImageHeaders.REJECT_POSITION))
                    .hasValueSatisfying(position -> assertThat(position).contains("fake.jpg"));
        });
    }

    @Test
    void push_ofTextFileAlone_failsAfterTellingReject() throws Exception {
        Path fake = Files.writeString(folder.resolve("fake.jpg"), "this is no image");
        assertThat(push(fake.toString())).isEqualTo(1);
        assertThat(out.toString()).contains("pushed 0 images", "rejected 1: 1 not an image");
        assertThat(error.toString()).contains("millrace: no image was pushed");
    }

    @Test
    void push_ofMissingFolder_failsWithItsNameAndNoStackTrace() {
        assertThat(push(folder.resolve("nowhere").toString())).isEqualTo(1);
        assertThat(error.toString()).contains("millrace: ", "nowhere").doesNotContain("\tat ");
    }

    @Test
    void push_labelledByFolder_saysHowManyClasses() throws Exception {
        for (String name : List.of("cat/1.png", "cat/2.png", "dog/1.png")) {
            Path file = folder.resolve("pets").resolve(name);
            Files.createDirectories(file.getParent());
            Files.write(file, image("png"));
        }
        assertThat(push(folder.resolve("pets").toString(), "--labels", "folder", "--to", "probe"))
                .isZero();
        assertThat(out.toString()).contains("pushed 3 images of 2 classes (", "to topic probe");
    }

    @Test
    void push_withUnknownOrder_isWrongUsageThatListsOrders() {
        assertThat(push(folder.toString(), "--order", "sideways")).isEqualTo(2);
        assertThat(error.toString())
                .contains(
                        "'--order'",
                        "must be as-is or shuffled or by-label, but was 'sideways'",
                        "millrace push --help");
    }

    @Test
    void push_withRepeatZero_isWrongUsage() {
        assertThat(push(folder.toString(), "--repeat", "0")).isEqualTo(2);
        assertThat(error.toString()).contains("--repeat must be at least 1, but was 0");
    }

    @Test
    void push_ofNothing_isWrongUsage() {
        assertThat(push()).isEqualTo(2);
        assertThat(error.toString()).contains("PATH");
    }

    @Test
    void push_ofMotionJpeg_sendsFramesAndReportsTheCutOne() throws Exception {
        byte[] frame = image("jpeg");
        Path file = folder.resolve("gate.mjpeg");
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(frame);
            out.write(frame, 0, 300);
            out.write(frame);
        }
        assertThat(push(file.toString(), "--mjpeg", "--source", "gate3", "--set", "images.topic=gate"))
                .isZero();

        assertThat(out.toString()).contains("pushed 2 images", "to topic gate", "rejected 1: 1 cannot be read");
        assertThat(records("gate")).hasSize(2).allSatisfy(record -> {
            assertThat(record.value()).isEqualTo(frame);
            assertThat(ImageHeaders.text(record.headers(), ImageHeaders.SOURCE)).hasValue("gate3");
        });
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    push - --mjpeg                               | --mjpeg - needs --source NAME
                    push - --mjpeg --source ''                   | --source must not be blank
                    push - --mjpeg --source a --order shuffled   | leave out --order and --repeat
                    push - --mjpeg --source a --repeat 2         | leave out --order and --repeat
                    push - --mjpeg --source a --to probe         | leave out --to and --labels
                    push - b --mjpeg --source a                  | takes one PATH, but got 2
                    push b --mjpeg --every 1s                    | let ffmpeg thin it out
                    push - --mjpeg --source a --every 1          | must be a time such as 200ms
                    push b --source a                            | are for cameras only
                    watch b --every 1s                           | are for cameras only
                    watch http://u:secret@h/ --to probe          | leave out --to, --labels and --name
                    watch http://u:secret@h/ http://u:secret@h/  | Unmatched argument at index 4: 'http://********@h/'
                    """)
    void frames_withOptionsThatDoNotFit_areWrongUsage(String line, String problem) {
        List<String> words =
                Stream.of(line.split(" ")).map(word -> word.replace("''", "")).toList();
        assertThat(command(words.get(0), words.subList(1, words.size()).toArray(String[]::new)))
                .isEqualTo(2);
        assertThat(error.toString()).contains(problem).doesNotContain("secret");
    }

    @Test
    void watch_ofCamera_sendsFramesUntilStoppedAndKeepsItsSecrets() throws Exception {
        byte[] frame = image("jpeg");
        HttpServer camera = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        camera.createContext("/", exchange -> {
            exchange.getResponseHeaders().set("Content-Type", "multipart/x-mixed-replace; boundary=x");
            exchange.sendResponseHeaders(200, 0);
            OutputStream body = exchange.getResponseBody();
            for (int i = 0; i < 3; i++) {
                body.write("--x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                body.write(frame);
            }
            body.flush(); // and stays open
        });
        camera.start();
        int port = camera.getAddress().getPort();
        AtomicInteger code = new AtomicInteger(-1);
        Thread command = new Thread(() -> code.set(command(
                "watch", "http://u:secret@127.0.0.1:" + port + "/stream?pwd=secret", "--set", "images.topic=live")));
        try {
            command.start();
            await().atMost(Duration.ofMinutes(5))
                    .until(() -> code.get() >= 0 || records("live").size() == 3);
        } finally {
            command.interrupt(); // what Ctrl-C does
            command.join();
            camera.stop(0);
        }
        assertThat(code).hasValue(0);
        assertThat(out.toString())
                .contains("stopped after 3 images", "to topic live", "none rejected")
                .doesNotContain("secret");
        String source = "http://127.0.0.1:" + port + "/stream";
        assertThat(records("live")).allSatisfy(record -> {
            assertThat(ImageHeaders.text(record.headers(), ImageHeaders.SOURCE)).hasValue(source);
            assertThat(ImageHeaders.text(record.headers(), ImageHeaders.CAPTURED_AT))
                    .isPresent();
            assertThat(new String(record.key(), StandardCharsets.UTF_8)).startsWith(source + "/20");
        });
    }

    private int push(String... arguments) {
        return command("push", arguments);
    }

    private int command(String command, String... arguments) {
        List<String> all = new ArrayList<>(List.of(command, "--bootstrap-server", broker.bootstrapServers()));
        all.addAll(List.of(arguments));
        return MillraceCommandLine.run(new PrintWriter(out), new PrintWriter(error), all.toArray(String[]::new));
    }

    private static List<ConsumerRecord<byte[], byte[]>> records(String topic) {
        return LoggedRecords.of(PatientKafka.at(broker.bootstrapServers()), topic);
    }

    private static byte[] png() throws IOException {
        return image("png");
    }

    private static byte[] image(String format) throws IOException {
        var bytes = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), format, bytes);
        return bytes.toByteArray();
    }
}

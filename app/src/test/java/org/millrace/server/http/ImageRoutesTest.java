package org.millrace.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.run.LoggedRecords;
import org.millrace.app.run.PatientKafka;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.server.http.HttpServer.TakenPort;

/** {@code POST /v1/images} with a real broker: the responses, and the records in the log. */
final class ImageRoutesTest {
    private static final long MOST_BODY_BYTES = 20_000;
    private static final int ROOM_BYTES = 30_000;
    private static final String HOSTILE = "<img src=x onerror=alert(1)> \"'; DROP é漢.png";

    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;
    private static KafkaSettings kafka;
    private static ImagesConfig images;
    private static final Room room = new Room(ROOM_BYTES);
    private static HttpServer server;

    private final HttpClient client = HttpClient.newHttpClient();

    @BeforeAll
    static void start() {
        broker = EmbeddedBroker.start(data, new BrokerConfig(0, -1), "test");
        // by default a post fails when Kafka has not answered for a second, which happens on a busy machine
        kafka = PatientKafka.at(broker.bootstrapServers(), Map.of("producer.max.block.ms", "300000"));
        var config = new ConfigLoader()
                .assignments(List.of("images.max-bytes=4096", "http.port=0"))
                .load();
        images = config.images();
        try (TopicSetup topics = new TopicSetup(kafka)) {
            topics.ensureImages(images);
        }
        server = HttpServer.start(
                config.http(),
                TakenPort.FAIL,
                new HttpServer.Limits(MOST_BODY_BYTES, room, HttpServer.IDLE_MILLIS, System::nanoTime),
                List.of(ImageRoutes.open(kafka, images)));
    }

    @AfterAll
    static void stop() {
        server.close();
        broker.close();
    }

    @Test
    void post_imageWithHeaders_answersItsPlaceInTheLog() throws Exception {
        byte[] image = png();
        HttpResponse<String> answer = post(
                "?source=cam%201&label=" + encoded("Kätzchen") + "&captured-at=2026-05-01T12:00:00%2B02:00&id="
                        + encoded(HOSTILE),
                image,
                "Content-Type",
                "image/jpeg");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
        ConsumerRecord<byte[], byte[]> record = last(images.topic());
        assertThat(answer.body())
                .isEqualTo("{\"status\":201,\"topic\":\"images\",\"partition\":0,\"offset\":" + record.offset() + "}");
        assertThat(record.value()).isEqualTo(image);
        assertThat(new String(record.key(), StandardCharsets.UTF_8)).isEqualTo(HOSTILE);
        assertThat(header(record, ImageHeaders.CONTENT_TYPE)).as("what it is").contains("image/png");
        assertThat(header(record, ImageHeaders.SOURCE)).contains("cam 1");
        assertThat(header(record, ImageHeaders.LABEL)).contains("Kätzchen");
        assertThat(header(record, ImageHeaders.CAPTURED_AT)).contains("2026-05-01T12:00:00+02:00");
    }

    @Test
    void post_imageAlone_hasNeitherKeyNorHeadersButItsType() throws Exception {
        assertThat(post("", png()).statusCode()).isEqualTo(201);
        ConsumerRecord<byte[], byte[]> record = last(images.topic());
        assertThat(record.key()).isNull();
        assertThat(record.headers()).extracting(header -> header.key()).containsExactly(ImageHeaders.CONTENT_TYPE);
    }

    @Test
    void post_toProbe_takesHeadersForParametersAndWantsALabel() throws Exception {
        HttpResponse<String> answer =
                post("?to=probe", png(), "Millrace-Label", "cat", "Millrace-Split", "test", "Millrace-Id", "7");
        assertThat(answer.body()).contains("\"topic\":\"probe\"");
        ConsumerRecord<byte[], byte[]> record = last(images.probeTopic());
        assertThat(header(record, ImageHeaders.LABEL)).contains("cat");
        assertThat(header(record, ImageHeaders.SPLIT)).contains("test");
        assertThat(record.key()).isEqualTo(new byte[] {'7'});

        HttpResponse<String> unlabelled = post("?to=probe", png());
        assertThat(unlabelled.statusCode()).isEqualTo(400);
        assertThat(unlabelled.body()).contains("no label, which every image of the probe needs");
    }

    @Test
    void post_whatIsNoImage_isRefusedAndAmongTheRejects() throws Exception {
        HttpResponse<String> answer = post("?id=fake", "this is text".getBytes(StandardCharsets.UTF_8));
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).isEqualTo("{\"error\":\"not an image: begins with text 'this is text'\"}");
        ConsumerRecord<byte[], byte[]> reject = last(images.rejectedTopic());
        assertThat(reject.key()).isEqualTo("fake".getBytes(StandardCharsets.UTF_8));
        assertThat(header(reject, ImageHeaders.REJECT_REASON))
                .contains("not an image: begins with text 'this is text'");
        assertThat(header(reject, ImageHeaders.REJECT_POSITION)).contains("POST /v1/images");

        assertThat(post("", new byte[0]).statusCode()).isEqualTo(400);
        byte[] large = java.util.Arrays.copyOf(png(), 4097);
        HttpResponse<String> tooLarge = post("", large);
        assertThat(tooLarge.statusCode()).isEqualTo(413);
        assertThat(tooLarge.body()).contains("larger than images.max-bytes (4096): 4097 bytes");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "?captured-at=yesterday | image/png | 400 | captured-at must be ISO-8601 with an offset (2026-05-01T12:00:00Z), but was 'yesterday'",
                "?label= | image/png | 400 | label must not be blank",
                "?label=a%0Ab | image/png | 400 | label must be one line of text, but had a control character: 'a�0Ab'",
                "?to=elsewhere | image/png | 400 | to must be one of [images, probe], but was 'elsewhere'",
                "?lable=cat | image/png | 400 | there is no query parameter 'lable'; did you mean label?",
                "?split=test | image/png | 400 | split test is for images of the probe only",
                "'' | text/html | 415 | the body has the content type text/html; wanted image/jpeg, image/png",
                "'' | application/x-www-form-urlencoded | 415 | the body has the content type application/x-www-form-urlencoded; wanted image/jpeg",
            })
    void post_badRequest_saysWhatAndSendsNothing(String query, String type, int status, String said) throws Exception {
        long before = records(images.topic()).size();
        HttpResponse<String> answer = post(query, png(), "Content-Type", type);
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(answer.body()).contains(said);
        assertThat(records(images.topic())).hasSize((int) before);
    }

    @Test
    void post_form_answersForEachFile() throws Exception {
        HttpResponse<String> answer = post(
                "?source=form",
                form(Map.of("../../" + HOSTILE.replace("\"", "%22"), png())),
                "Content-Type",
                "multipart/form-data; boundary=XX");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
        assertThat(header(last(images.topic()), ImageHeaders.SOURCE)).contains("form");

        var files = new java.util.LinkedHashMap<String, byte[]>();
        files.put("a.png", png());
        files.put("b.txt", "no image".getBytes(StandardCharsets.UTF_8));
        files.put("c.png", java.util.Arrays.copyOf(png(), 5000));
        HttpResponse<String> mixed = post("", form(files), "Content-Type", "multipart/form-data; boundary=XX");
        assertThat(mixed.statusCode()).isEqualTo(207);
        ConsumerRecord<byte[], byte[]> record = last(images.topic());
        assertThat(record.key()).isEqualTo("a.png".getBytes(StandardCharsets.UTF_8));
        assertThat(mixed.body())
                .startsWith(
                        "{\"results\":[{\"name\":\"a.png\",\"status\":201,\"topic\":\"images\",\"partition\":0,\"offset\":"
                                + record.offset()
                                + "},{\"name\":\"b.txt\",\"status\":400,\"error\":\"not an image: begins with text 'no image'\"}")
                .contains(
                        "{\"name\":\"c.png\",\"status\":413,\"error\":\"larger than images.max-bytes (4096): 5000 bytes\"}");

        assertThat(post(
                                "",
                                "--XX--\r\n".getBytes(StandardCharsets.UTF_8),
                                "Content-Type",
                                "multipart/form-data; boundary=XX")
                        .statusCode())
                .isEqualTo(400);
        HttpResponse<String> cut =
                post("", java.util.Arrays.copyOf(form(files), 300), "Content-Type", "multipart/form-data; boundary=XX");
        assertThat(cut.statusCode()).as(cut.body()).isEqualTo(400);
        HttpResponse<String> large = post("", new byte[20_001], "Content-Type", "multipart/form-data; boundary=XX");
        assertThat(large.statusCode()).isEqualTo(413);
        assertThat(post("", form(files), "Content-Type", "multipart/form-data; charset=binary; boundary=XX")
                        .statusCode())
                .isEqualTo(207);
    }

    @Test
    void post_namesThatAreNotUtf8_areRefusedInsteadOfBecomingOne() throws Exception {
        String text = new String(form(Map.of("BXr.png", png())), StandardCharsets.ISO_8859_1);
        for (String letter : List.of("\u00e4", "\u00f6")) {
            byte[] latin1 = text.replace("BXr", "B" + letter + "r").getBytes(StandardCharsets.ISO_8859_1);
            HttpResponse<String> response = post("", latin1, "Content-Type", "multipart/form-data; boundary=XX");
            assertThat(response.statusCode()).isEqualTo(400);
            assertThat(response.body()).contains("is not UTF-8: send it in UTF-8");
        }
    }

    @Test
    void post_moreAtOnceThanThereIsRoomFor_is429AndRoomComesBack() throws Exception {
        Room.Place first = room.begin("198.51.100.1");
        first.grow(ROOM_BYTES * 3 / 4); // the share of one
        Room.Place second = room.begin("198.51.100.2");
        second.grow(ROOM_BYTES / 4);
        HttpResponse<String> busy = post("", png());
        assertThat(busy.statusCode()).isEqualTo(429);
        assertThat(busy.headers().firstValue("Retry-After")).contains("1");
        assertThat(busy.body()).contains("too many request bodies are in flight");
        second.close();
        assertThat(post("", png()).statusCode()).isEqualTo(201);
        first.close();
    }

    /** Content types with unknown charsets, which once caused a 500, and others of their kind. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "image/jpeg; charset=binary",
                "image/jpeg; charset=us-ascii",
                "image/png;charset=\"no such\"",
                "image/png; charset=",
                "image/png; charset",
                "image/png;;;",
                "application/octet-stream; charset=\u00ff",
                "IMAGE/PNG; Charset=binary; charset=binary",
            })
    void post_contentTypeWithACharset_isTaken(String type) throws Exception {
        String head = "POST /v1/images?id=a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: " + type
                + "\r\nContent-Length: " + png().length + "\r\n\r\n";
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().write(png());
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
                    .startsWith("HTTP/1.1 201");
        }
    }

    @Test
    void post_whileTheBrokerIsAway_is503AndIsTakenWhenItIsBack(@TempDir Path other) throws Exception {
        EmbeddedBroker first = EmbeddedBroker.start(other, new BrokerConfig(0, -1), "test");
        int port = Integer.parseInt(first.bootstrapServers().replaceAll(".*:", ""));
        // the response after 2 s of silence is the same as after the usual 10
        var clients = new KafkaSettings(
                first.bootstrapServers(),
                Map.of("producer.delivery.timeout.ms", "2000", "producer.request.timeout.ms", "1000"));
        try (TopicSetup topics = new TopicSetup(clients)) {
            topics.ensureImages(images);
        }
        var config = new ConfigLoader().assignments(List.of("http.port=0")).load();
        ImageRoutes routes = ImageRoutes.open(clients, images);
        try (HttpServer own = HttpServer.start(config.http(), TakenPort.FAIL, MOST_BODY_BYTES, List.of(routes))) {
            assertThat(postUntilTaken(own).statusCode()).isEqualTo(201); // a slow broker may be silent for 2 s too
            first.close();
            HttpResponse<String> away = postTo(own, "", png());
            assertThat(away.statusCode()).as(away.body()).isEqualTo(503);
            assertThat(away.headers().firstValue("Retry-After")).isPresent();
            assertThat(away.body())
                    .contains("Kafka did not take the record for topic 'images'")
                    .contains("may be in the log all the same");
            try (EmbeddedBroker again = EmbeddedBroker.start(other, new BrokerConfig(port, -1), "test")) {
                HttpResponse<String> back = postUntilTaken(own);
                assertThat(back.statusCode()).as(back.body()).isEqualTo(201);
                assertThat(again.bootstrapServers()).isEqualTo(first.bootstrapServers());
            }
        }
    }

    private HttpResponse<String> postUntilTaken(HttpServer to) throws Exception {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(5); // only a hang takes that long
        HttpResponse<String> answer = postTo(to, "", png());
        while (answer.statusCode() == 503 && System.nanoTime() < end) {
            answer = postTo(to, "", png());
        }
        return answer;
    }

    private HttpResponse<String> post(String query, byte[] body, String... headers) throws Exception {
        return postTo(server, query, body, headers);
    }

    private HttpResponse<String> postTo(HttpServer to, String query, byte[] body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(to.address().resolve("/v1/images" + query))
                .timeout(Duration.ofMinutes(5))
                .POST(BodyPublishers.ofByteArray(body));
        return client.send((headers.length > 0 ? request.headers(headers) : request).build(), BodyHandlers.ofString());
    }

    private static byte[] form(Map<String, byte[]> files) throws IOException {
        var form = new ByteArrayOutputStream();
        for (var file : files.entrySet()) {
            form.write(("--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + file.getKey()
                            + "\"\r\n\r\n")
                    .getBytes(StandardCharsets.UTF_8));
            form.write(file.getValue());
            form.write("\r\n".getBytes(StandardCharsets.UTF_8));
        }
        form.write("--XX--\r\n".getBytes(StandardCharsets.UTF_8));
        return form.toByteArray();
    }

    private static String encoded(String text) {
        return java.net.URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static Optional<String> header(ConsumerRecord<byte[], byte[]> record, String name) {
        return ImageHeaders.text(record.headers(), name);
    }

    private static ConsumerRecord<byte[], byte[]> last(String topic) {
        List<ConsumerRecord<byte[], byte[]>> records = records(topic);
        return records.get(records.size() - 1);
    }

    private static List<ConsumerRecord<byte[], byte[]>> records(String topic) {
        return LoggedRecords.of(kafka, topic);
    }

    private static byte[] png() throws IOException {
        var bytes = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), "png", bytes);
        return bytes.toByteArray();
    }
}

package org.millrace.app.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.millrace.app.run.Commands.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.LocalInputFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.run.Commands;
import org.millrace.app.run.PatientKafka;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.service.Services;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.local.ImageFiles;
import org.millrace.server.HttpService;
import org.millrace.server.dashboard.Scrape;

/** {@code POST /v1/embed} and {@code millrace embed} on a real broker with encoders of a real trainer. */
final class EmbedOnBrokerTest {
    private static final int IMAGES = 20;
    private static final double TOLERANCE = 1e-4;
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;
    private static Commands commands;
    private static Services services;
    private static URI address;

    private final HttpClient client = HttpClient.newHttpClient();

    @BeforeAll
    static void start() {
        broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test");
        commands = new Commands(broker::bootstrapServers, data);
        commands.good("push", Commands.SAMPLE, "--limit=64");
        commands.good("train", "--until-step=0", run("main"));
        MillraceConfig config = new ConfigLoader()
                .assignments(commands.settings().toList())
                .assignments(List.of("http.port=0"))
                .load();
        services = new Services();
        AtomicReference<@Nullable URI> listening = new AtomicReference<>();
        services.start(
                "http",
                HttpService.atPort(
                        config, PatientKafka.at(broker.bootstrapServers()), listening::set, services::roles));
        await().atMost(PATIENCE).until(() -> {
            services.check();
            return listening.get() != null;
        });
        address = java.util.Objects.requireNonNull(listening.get());
    }

    @AfterAll
    static void stop() {
        services.stop();
        broker.close();
    }

    @Test
    void embed_byHttpAndByFiles_areTheSameAndNewEncodersAreTakenOver() throws Exception {
        List<ImageFiles.Image> images = images();
        Path zip = zip(images);
        assertThat(commands.good("embed", zip.toString(), "--out=" + data.resolve("x.npy")))
                .contains("embedded 20 images in 64 dimensions by encoder 0 of run main", "left out 2 files");
        float[][] files = npy(Files.readAllBytes(data.resolve("x.npy")));
        assertThat(files).hasNumberOfRows(IMAGES);
        assertThat(Files.readAllLines(data.resolve("x.names.txt")))
                .hasSize(IMAGES)
                .startsWith("x.zip!0.png");

        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        images.forEach(image -> answers.add(client.sendAsync(post("", image.file()), BodyHandlers.ofString())));
        for (int i = 0; i < IMAGES; i++) {
            JsonNode answer = json(answers.get(i).get());
            assertThat(answer.get("version").asLong()).isZero();
            assertThat(answer.get("dimension").asInt()).isEqualTo(64);
            close(floats(answer.get("embedding")), files[i]);
        }
        float[][] npy = npy(
                client.send(post("", images.get(3).file(), "Accept", "application/x-npy"), BodyHandlers.ofByteArray())
                        .body());
        close(npy[0], files[3]);

        commands.good("train", "--until-step=2", run("main"));
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(json(send("", images.get(0).file()))
                                .get("version")
                                .asLong())
                        .isEqualTo(2));
        JsonNode old = json(send("?version=0", images.get(0).file()));
        assertThat(old.get("version").asLong()).isZero();
        close(floats(old.get("embedding")), files[0]);
        JsonNode list = json(client.send(
                HttpRequest.newBuilder(address.resolve("/v1/encoders")).build(), BodyHandlers.ofString()));
        assertThat(list.get("current").asLong()).isEqualTo(2);
        assertThat(list.get("encoders"))
                .hasSize(2)
                .allSatisfy(encoder -> assertThat(encoder.has("publishedAt")).isTrue())
                .allSatisfy(
                        encoder -> assertThat(encoder.get("held").isBoolean()).isTrue());
        await().atMost(PATIENCE).untilAsserted(() -> seeMetrics(client));

        commands.good("encoders", "revoke", "0", "--run=main", "--reason=blurred");
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(
                                send("?version=0", images.get(0).file()).body())
                        .contains("encoder 0 of run main is revoked (blurred); there are [2]"));
        assertThat(send("?version=0", images.get(0).file()).statusCode()).isEqualTo(410);
        JsonNode revoked = json(client.send(
                        HttpRequest.newBuilder(address.resolve("/v1/encoders")).build(), BodyHandlers.ofString()))
                .get("encoders")
                .get(0);
        assertThat(revoked.get("revoked").asBoolean()).isTrue();
        assertThat(revoked.get("revokedBecause").asText()).isEqualTo("blurred");
        commands.good("encoders", "reinstate", "0", "--run=main");
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(
                                send("?version=0", images.get(0).file()).statusCode())
                        .isEqualTo(200));

        commands.good("embed", zip.toString(), "--out=" + data.resolve("y.parquet"));
        commands.good("embed", zip.toString(), "--out=" + data.resolve("y.jsonl"), "--checkpoint=2");
        List<String> lines = Files.readAllLines(data.resolve("y.jsonl"));
        List<Group> rows = parquet(data.resolve("y.parquet"));
        assertThat(lines).hasSize(IMAGES);
        assertThat(rows).hasSize(IMAGES);
        for (int i = 0; i < IMAGES; i++) {
            JsonNode line = new ObjectMapper().readTree(lines.get(i));
            float[] new2 = floats(line.get("embedding"));
            close(floats(rows.get(i).getGroup("embedding", 0)), new2);
            assertThat(rows.get(i).getString("name", 0))
                    .isEqualTo(line.get("name").asText());
            assertThat(new2).isNotEqualTo(files[i]);
        }
        close(
                floats(json(send("", images.get(7).file())).get("embedding")),
                floats(rows.get(7).getGroup("embedding", 0)));
    }

    @Test
    void embed_whatCannotBe_saysWhy() throws Exception {
        byte[] image = images().get(0).file();
        HttpResponse<String> text = send("", "no image".getBytes(StandardCharsets.UTF_8));
        assertThat(text.statusCode()).isEqualTo(400);
        assertThat(text.body()).isEqualTo("{\"error\":\"not an image: begins with text 'no image'\"}");
        byte[] cut = java.util.Arrays.copyOf(image, image.length / 2);
        assertThat(send("", cut).statusCode()).isEqualTo(400);
        assertThat(send("?version=99", image).body()).contains("run main has no encoder 99; there are [0");
        assertThat(send("?version=99", image).statusCode()).isEqualTo(404);
        assertThat(send("?version=new", image).statusCode()).isEqualTo(400);
        assertThat(client.send(post("", image, "Accept", "text/html"), BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(406);

        HttpResponse<String> form = client.send(
                post("", form(image, cut), "Content-Type", "multipart/form-data; boundary=XX"),
                BodyHandlers.ofString());
        JsonNode results = json(form).get("results");
        assertThat(results.get(0).get("embedding")).hasSize(64);
        assertThat(results.get(1).get("error").asText()).contains("damaged png");

        Path broken = Files.write(data.resolve("cut.png"), cut);
        assertThat(commands.bad("embed", broken.toString(), "--out=" + data.resolve("none.npy")))
                .contains("cut.png: damaged png", "no image could be embedded", "nothing was written");
        assertThat(data.resolve("none.npy")).doesNotExist();
        StringWriter usage = new StringWriter();
        assertThat(commands.call(
                        new StringWriter(), usage, "embed", broken.toString(), "--out=" + data.resolve("none.csv")))
                .isEqualTo(2);
        assertThat(usage.toString()).contains("--out must end with .npy, .parquet or .jsonl");
        try (var left = Files.list(data)) {
            assertThat(left).noneMatch(file -> file.toString().endsWith(".unfinished"));
        }
    }

    /** The run's facts from its topics, whether or not another process trains it. */
    private static void seeMetrics(HttpClient client) throws Exception {
        assertThat(json(get(client, "/readyz")).get("status").asText()).isEqualTo("ready");
        assertThat(json(get(client, "/readyz")).get("unusual").isArray()).isTrue();
        Scrape scrape = new Scrape(get(client, "/metrics").body());
        assertThat(scrape.value("millrace_broker_up", "main")).isEqualTo(1);
        assertThat(scrape.value("millrace_steps_total", "main")).isEqualTo(2);
        double trained = scrape.value("millrace_images_trained_total", "main");
        assertThat(trained).isPositive();
        assertThat(trained + scrape.value("millrace_images_lag", "main")).isEqualTo(64);
        assertThat(scrape.value("millrace_encoder_version", "main")).isEqualTo(2);
        assertThat(scrape.names()).doesNotContain("millrace_probe_accuracy");
    }

    private static HttpResponse<String> get(HttpClient client, String path) throws Exception {
        return client.send(HttpRequest.newBuilder(address.resolve(path)).build(), BodyHandlers.ofString());
    }

    private static List<ImageFiles.Image> images() {
        List<ImageFiles.Image> images = new ArrayList<>();
        ImageFiles.read(
                List.of(Commands.SAMPLE),
                new Labels.None(),
                new ConfigLoader().load().images(),
                new ImageFiles.Taker() {
                    @Override
                    public void image(ImageFiles.Image image) {
                        if (images.size() < IMAGES) {
                            images.add(image);
                        }
                    }

                    @Override
                    public void leftOut(String position, String kind, String reason) {}
                });
        return images;
    }

    /** The images, among them a text file and a truncated image. */
    private static Path zip(List<ImageFiles.Image> images) throws Exception {
        Path zip = data.resolve("x.zip");
        try (var out = new ZipOutputStream(Files.newOutputStream(zip))) {
            for (int i = 0; i < images.size(); i++) {
                out.putNextEntry(new ZipEntry(i + ".png"));
                out.write(images.get(i).file());
                if (i == 5) {
                    out.putNextEntry(new ZipEntry("readme.txt"));
                    out.write("text".getBytes(StandardCharsets.UTF_8));
                    out.putNextEntry(new ZipEntry("half.png"));
                    out.write(images.get(i).file(), 0, 200);
                }
            }
        }
        return zip;
    }

    private static byte[] form(byte[]... files) throws Exception {
        var form = new java.io.ByteArrayOutputStream();
        for (byte[] file : files) {
            form.write("--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"<b>.png\"\r\n\r\n"
                    .getBytes(StandardCharsets.UTF_8));
            form.write(file);
            form.write("\r\n".getBytes(StandardCharsets.UTF_8));
        }
        form.write("--XX--\r\n".getBytes(StandardCharsets.UTF_8));
        return form.toByteArray();
    }

    private HttpResponse<String> send(String query, byte[] image) throws Exception {
        return client.send(post(query, image), BodyHandlers.ofString());
    }

    private static HttpRequest post(String query, byte[] body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(address.resolve("/v1/embed" + query))
                .timeout(PATIENCE)
                .POST(BodyPublishers.ofByteArray(body));
        return (headers.length > 0 ? request.headers(headers) : request).build();
    }

    private static JsonNode json(HttpResponse<String> answer) throws Exception {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return new ObjectMapper().readTree(answer.body());
    }

    private static void close(float[] got, float[] wanted) {
        assertThat(got).hasSameSizeAs(wanted);
        for (int i = 0; i < got.length; i++) {
            assertThat((double) got[i]).isCloseTo(wanted[i], org.assertj.core.data.Offset.offset(TOLERANCE));
        }
    }

    private static float[] floats(JsonNode array) {
        float[] values = new float[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) array.get(i).asDouble();
        }
        return values;
    }

    private static float[] floats(Group list) {
        float[] values = new float[list.getFieldRepetitionCount("list")];
        for (int i = 0; i < values.length; i++) {
            values[i] = list.getGroup("list", i).getFloat("element", 0);
        }
        return values;
    }

    /** Reads the array as NumPy would. */
    private static float[][] npy(byte[] file) {
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int header = bytes.getShort(8);
        String text = new String(file, 10, header, StandardCharsets.US_ASCII);
        assertThat(text)
                .startsWith("{'descr': '<f4', 'fortran_order': False, 'shape': (")
                .endsWith("\n");
        assertThat((10 + header) % 64).isZero();
        String[] shape = text.replaceFirst(".*\\((.*)\\).*\\s*", "$1").split(", ", -1);
        float[][] rows = new float[Integer.parseInt(shape[0])][Integer.parseInt(shape[1])];
        bytes.position(10 + header);
        for (float[] row : rows) {
            bytes.asFloatBuffer().get(row);
            bytes.position(bytes.position() + row.length * Float.BYTES);
        }
        assertThat(bytes.hasRemaining()).isFalse();
        return rows;
    }

    private static List<Group> parquet(Path file) throws Exception {
        List<Group> rows = new ArrayList<>();
        try (ParquetReader<Group> reader = new Reader(new LocalInputFile(file)).build()) {
            for (Group row = reader.read(); row != null; row = reader.read()) {
                rows.add(row);
            }
        }
        return rows;
    }

    private static final class Reader extends ParquetReader.Builder<Group> {
        Reader(InputFile file) {
            super(file, new org.apache.parquet.conf.PlainParquetConfiguration());
        }

        @Override
        protected ReadSupport<Group> getReadSupport() {
            return new GroupReadSupport();
        }
    }
}

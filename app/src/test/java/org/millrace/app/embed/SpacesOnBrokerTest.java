package org.millrace.app.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;
import static org.millrace.app.run.Commands.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.run.Commands;
import org.millrace.app.run.PatientKafka;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.SpaceScores;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.contract.registry.PublishedEvaluations;
import org.millrace.contract.registry.PublishedSpace;
import org.millrace.contract.registry.PublishedSpaces;
import org.millrace.contract.service.Services;
import org.millrace.encoder.tensor.Torch;
import org.millrace.evaluator.TorchEmbedders;
import org.millrace.numerics.AffineMap;
import org.millrace.server.HttpService;
import org.millrace.server.dashboard.Scrape;

/**
 * An index that survives a new encoder, from end to end on a real broker: scores with adapters, the same mapped features by command, HTTP,
 * export and stream, and a Lucene index of the old encoder's embeddings that is asked with adapted queries.
 */
final class SpacesOnBrokerTest {
    private static final int IMAGES = 300;
    private static final int QUERIES = 60;
    private static final int K = 10;
    private static final Duration PATIENCE = Duration.ofMinutes(5); // only a hang takes that long

    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;
    private static Commands commands;
    private static KafkaSettings kafka;
    private static String evaluated = "";

    private final HttpClient client = HttpClient.newHttpClient();

    @BeforeAll
    static void start() {
        broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test");
        commands = new Commands(broker::bootstrapServers, data);
        kafka = PatientKafka.at(broker.bootstrapServers());
        commands.good("push", Commands.SAMPLE, "--limit=" + IMAGES);
        commands.good("push", Commands.SAMPLE, "--skip=" + IMAGES, "--limit=600", "--to=probe");
        commands.good("train", "--until-step=0", run("main"));
        commands.good("train", "--until-step=6", run("main"));
        evaluated = commands.good("evaluate", "--set=evaluator.pinned-version=0", run("main"));
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @Test
    void evaluate_withAPinnedVersion_printsWhatAnIndexOfItIsWorth() {
        assertThat(evaluated)
                .containsPattern(
                        "index by encoder 0: recall@10 raw [0-9]+ %, adapted [0-9]+ %, re-embedded [0-9]+ %; adapter")
                .contains("held-out anchors)");
        SpaceScores scores = scores();
        assertThat(scores.anchors()).isBetween(250, 350);
        assertThat(scores.adapter().orElseThrow().recall())
                .as("adapted %s", scores)
                .isGreaterThanOrEqualTo(scores.raw().orElseThrow() - 0.1); // chosen on other anchors
    }

    @Test
    void embed_withASpace_isTheEncodersOwnFeaturesThroughThePublishedAdapter() throws Exception {
        Path folder = folder(20);
        Map<String, float[]> own = embed(folder, "own", "--encoder=6");
        Map<String, float[]> mapped = embed(folder, "mapped", "--space=0");
        var encoder = PublishedEncoders.find(kafka, new RunTopics("main"), 6).manifest();
        PublishedSpace published = PublishedSpaces.find(kafka, new RunTopics("main"), encoder, 0);
        AffineMap map = AffineMap.of(
                published.file(),
                published.manifest().inputs(),
                published.manifest().outputs());
        assertThat(mapped).hasSize(20);
        mapped.forEach((name, row) -> close(row, map.apply(Objects.requireNonNull(own.get(name)))));
        Map<String, float[]> identity = embed(folder, "identity", "--space=0", "--encoder=0");
        embed(folder, "old", "--encoder=0").forEach((name, row) -> close(identity.get(name), row));

        assertThat(commands.bad(
                        "embed", folder.toString(), "--out=" + data.resolve("no.jsonl"), "--space=5", run("main")))
                .contains("encoder 6 of run main has no adapter to the space of encoder 5; there are 6 to 0");
        assertThat(commands.bad(
                        "embed",
                        folder.toString(),
                        "--out=" + data.resolve("no.jsonl"),
                        "--space=6",
                        "--encoder=0",
                        run("main")))
                .contains("encoder 0 of run main has no adapter to the space of encoder 6");
        assertThat(commands.good(
                        "export", "--format=onnx", "--space=0", "--out=" + data.resolve("mapped.onnx"), run("main")))
                .contains("in the space of encoder 0");
        assertThat(new String(Files.readAllBytes(data.resolve("mapped.onnx")), StandardCharsets.ISO_8859_1))
                .contains("Gemm", "adapter.weight");
        assertThat(data.resolve("mapped.onnx.md")).content().contains("in the space of encoder 0");
    }

    @Test
    void http_withASpace_mapsOrSaysWhyItCannot() throws Exception {
        Path folder = folder(3);
        Map<String, float[]> mapped = embed(folder, "http", "--space=0");
        try (Services services = new Services()) {
            MillraceConfig config = new ConfigLoader()
                    .assignments(commands.settings().toList())
                    .assignments(List.of("http.port=0"))
                    .load();
            AtomicReference<@Nullable URI> listening = new AtomicReference<>();
            services.start("http", HttpService.atPort(config, kafka, listening::set, services::roles));
            await().atMost(PATIENCE).until(() -> {
                services.check();
                return listening.get() != null;
            });
            URI address = Objects.requireNonNull(listening.get());
            byte[] image = Files.readAllBytes(folder.resolve("0.png"));
            HttpResponse<String> good = post(address, "?space=0", image);
            JsonNode answer = new ObjectMapper().readTree(good.body());
            assertThat(good.statusCode()).as(good.body()).isEqualTo(200);
            assertThat(answer.get("version").asLong()).isEqualTo(6);
            assertThat(answer.get("space").asLong()).isZero();
            assertThat(good.headers().firstValue("Millrace-Space")).hasValue("0");
            close(floats(answer.get("embedding")), mapped.get("0.png"));
            HttpResponse<String> none = post(address, "?space=5", image);
            assertThat(none.statusCode()).isEqualTo(404);
            assertThat(none.body())
                    .contains(
                            "encoder 6 of run main has no adapter to the space of encoder 5; there are adapters to [0]");
            assertThat(post(address, "?space=old", image).statusCode()).isEqualTo(400);
            await().atMost(PATIENCE).untilAsserted(() -> {
                HttpResponse<String> metrics = client.send(
                        HttpRequest.newBuilder(address.resolve("/metrics")).build(), BodyHandlers.ofString());
                assertThat(metrics.body()).contains("millrace_index_recall{", "queries=\"adapted\"", "space=\"0\"");
                assertThat(new Scrape(metrics.body()).names()).contains("millrace_index_recall");
            });
            commands.good("encoders", "revoke", "0", "--run=main", "--reason=blurred");
            await().atMost(PATIENCE)
                    .untilAsserted(
                            () -> assertThat(post(address, "?space=0", image).statusCode())
                                    .isEqualTo(410));
            commands.good("encoders", "reinstate", "0", "--run=main");
        }
    }

    @Test
    void luceneIndex_ofTheOldEncodersEmbeddings_isFoundByAdaptedQueriesOfTheNewOne() throws Exception {
        MillraceConfig config = config();
        stream(config, StreamPolicy.of("pinned:0"));
        stream(config, StreamPolicy.of("space:0"));
        stream(config, StreamPolicy.of("pinned:6"));
        Map<String, Map<String, float[]>> byPolicy = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : Embedded.records(kafka, "main.embeddings")) {
            byPolicy.computeIfAbsent(Embedded.text(record, "policy"), policy -> new HashMap<>())
                    .put(new String(record.key(), StandardCharsets.UTF_8), Embedded.floats(record.value()));
            if (Embedded.text(record, "policy").equals("space:0")) {
                assertThat(Embedded.text(record, "encoder")).isEqualTo("6");
                assertThat(Embedded.text(record, "space")).isEqualTo("0");
            }
        }
        Map<String, float[]> old = Objects.requireNonNull(byPolicy.get("pinned:0"));
        Map<String, float[]> adapted = Objects.requireNonNull(byPolicy.get("space:0"));
        Map<String, float[]> raw = Objects.requireNonNull(byPolicy.get("pinned:6"));
        assertThat(old).hasSize(IMAGES);
        assertThat(adapted.keySet()).isEqualTo(old.keySet());
        try (LuceneIndex index = new LuceneIndex(old)) {
            double own = 0;
            double byAdapter = 0;
            double unmapped = 0;
            List<String> queries = old.keySet().stream().sorted().limit(QUERIES).toList();
            for (String query : queries) {
                Set<String> truth = nearest(old, query);
                own += share(truth, index.nearest(Objects.requireNonNull(old.get(query)), query, K));
                byAdapter += share(truth, index.nearest(Objects.requireNonNull(adapted.get(query)), query, K));
                unmapped += share(truth, index.nearest(Objects.requireNonNull(raw.get(query)), query, K));
            }
            System.out.printf(
                    "recall@%d in Lucene's HNSW, %d images: old queries %.3f, adapted %.3f, raw %.3f%n",
                    K, IMAGES, own / QUERIES, byAdapter / QUERIES, unmapped / QUERIES);
            assertThat(own / QUERIES).as("the graph itself").isGreaterThan(0.9);
            assertThat(byAdapter / QUERIES)
                    .as("no worse than on the anchors, but for chance")
                    .isGreaterThan(scores().adapter().orElseThrow().recall() - 0.15);
            assertThat(byAdapter).isGreaterThanOrEqualTo(unmapped - 0.1 * QUERIES);
        }
    }

    private static SpaceScores scores() {
        return PublishedEvaluations.read(kafka, new RunTopics("main")).all().stream()
                .filter(evaluation -> evaluation.version() == 6)
                .findFirst()
                .flatMap(evaluation -> evaluation.scoresIn(0))
                .orElseThrow();
    }

    /** Works until every image of the stream is embedded by the policy. */
    private static void stream(MillraceConfig config, StreamPolicy policy) throws Exception {
        var task = new StreamEmbedding.Task(policy, new BackfillDepth(0), EmbeddingValue.FLOAT32);
        var threads = Executors.newSingleThreadExecutor();
        try {
            AtomicReference<@Nullable StreamEmbedding> worker = new AtomicReference<>();
            Callable<Boolean> work = () -> {
                var embedders = new TorchEmbedders(Torch.start(config.run()), config.encoder(), config.images());
                try (var made = new StreamEmbedding(config, kafka, task, embedders, new Silent())) {
                    worker.set(made);
                    made.run();
                }
                return true;
            };
            Future<Boolean> done = threads.submit(work);
            await().atMost(PATIENCE).until(() -> {
                if (done.isDone()) {
                    done.get();
                }
                return Embedded.times(Embedded.records(kafka, "main.embeddings"), policy.toString())
                                .size()
                        == IMAGES;
            });
            Objects.requireNonNull(worker.get()).stop();
            done.get();
        } finally {
            threads.shutdownNow();
        }
    }

    private static final class Silent implements StreamEmbedding.Listener {
        @Override
        public void assigned(Set<Integer> partitions) {}

        @Override
        public void encoder(long version, long space) {}

        @Override
        public void leftOut(String position, String reason) {}

        @Override
        public void embedded(int images) {}

        @Override
        public void backfilled(int images, long left) {}
    }

    private static MillraceConfig config() {
        MillraceConfig config =
                new ConfigLoader().assignments(commands.settings().toList()).load();
        try (TopicSetup topics = new TopicSetup(kafka)) {
            topics.ensureEmbeddings(config.run().topics(), config.images());
        }
        return config;
    }

    /** The k others nearest by cosine, in plain sums. */
    private static Set<String> nearest(Map<String, float[]> index, String query) {
        float[] wanted = Objects.requireNonNull(index.get(query));
        List<String> names = new ArrayList<>(index.keySet());
        names.remove(query);
        names.sort((one, other) -> Double.compare(cosine(index.get(other), wanted), cosine(index.get(one), wanted)));
        return new HashSet<>(names.subList(0, K));
    }

    private static double cosine(float @Nullable [] one, float[] other) {
        float[] a = Objects.requireNonNull(one);
        double dot = 0;
        double x = 0;
        double y = 0;
        for (int i = 0; i < a.length; i++) {
            dot += a[i] * other[i];
            x += a[i] * a[i];
            y += other[i] * other[i];
        }
        return dot / Math.sqrt(x * y);
    }

    private static double share(Set<String> truth, List<String> found) {
        return (double) found.stream().filter(truth::contains).count() / truth.size();
    }

    /** Images of the stream as files {@code 0.png}, …. */
    private static Path folder(int images) throws Exception {
        Path folder = Files.createDirectories(data.resolve("images-" + images));
        List<ConsumerRecord<byte[], byte[]>> records = Embedded.records(kafka, "images");
        for (int i = 0; i < images; i++) {
            Files.write(folder.resolve(i + ".png"), records.get(i).value());
        }
        return folder;
    }

    private static Map<String, float[]> embed(Path folder, String name, String... more) throws Exception {
        Path out = data.resolve(name + ".jsonl");
        commands.good("embed", folder.toString(), "--out=" + out, more, run("main"));
        Map<String, float[]> rows = new HashMap<>();
        for (String line : Files.readAllLines(out)) {
            JsonNode row = new ObjectMapper().readTree(line);
            rows.put(row.get("name").asText().replaceFirst(".*/", ""), floats(row.get("embedding")));
        }
        return rows;
    }

    private HttpResponse<String> post(URI address, String query, byte[] image) throws Exception {
        return client.send(
                HttpRequest.newBuilder(address.resolve("/v1/embed" + query))
                        .timeout(PATIENCE)
                        .POST(BodyPublishers.ofByteArray(image))
                        .build(),
                BodyHandlers.ofString());
    }

    private static float[] floats(JsonNode array) {
        float[] values = new float[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) array.get(i).asDouble();
        }
        return values;
    }

    private static void close(float @Nullable [] got, float @Nullable [] wanted) {
        float[] one = Objects.requireNonNull(got);
        float[] other = Objects.requireNonNull(wanted);
        assertThat(one).hasSameSizeAs(other);
        for (int i = 0; i < one.length; i++) {
            assertThat((double) one[i]).isCloseTo(other[i], within(1e-4));
        }
    }
}

package org.millrace.app.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;
import static org.millrace.app.run.Commands.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.embed.StreamFaults.Point;
import org.millrace.app.run.Commands;
import org.millrace.app.run.PatientKafka;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.encoder.tensor.Torch;
import org.millrace.evaluator.TorchEmbedders;

/** Workers of {@code embed --stream} on a real broker, killed at every point of their loop: each image once for each policy and encoder. */
final class StreamOnBrokerTest {
    private static final int IMAGES = 160;
    private static final int PARTITIONS = 4;
    private static final Duration PATIENCE = Duration.ofMinutes(5); // only a hang takes that long

    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;
    private static Commands commands;
    private static KafkaSettings kafka;

    @BeforeAll
    static void start() throws Exception {
        broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test");
        commands = new Commands(broker::bootstrapServers, data);
        kafka = PatientKafka.at(
                broker.bootstrapServers(),
                Map.of("consumer.session.timeout.ms", "6000", "producer.transaction.timeout.ms", "2000"));
        commands.good("push", Commands.SAMPLE, "--limit=" + IMAGES, "--set=images.partitions=" + PARTITIONS);
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(Map.of()))) {
            byte[] junk = "no image".getBytes(StandardCharsets.UTF_8);
            producer.send(new ProducerRecord<>("images", 1, null, junk)).get();
            producer.send(new ProducerRecord<>("images", 2, junk, null)).get(); // a claim check without its place
        }
        commands.good("train", "--until-step=0", run("main"));
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @Test
    void twoWorkers_killedAtEveryPoint_embedEachImageOnceAndAsTheCommandDoes() throws Exception {
        var task = new StreamEmbedding.Task(StreamPolicy.of("current"), new BackfillDepth(0), EmbeddingValue.FLOAT32);
        MillraceConfig config = config("main");
        for (Point point : Point.values()) {
            killTwo(config, task, point);
        }
        Heard heard = new Heard();
        Set<String> wanted = positions();
        try (Work first = new Work(config, task, heard);
                Work second = new Work(config, task, heard)) {
            await().atMost(PATIENCE).untilAsserted(() -> {
                first.check();
                second.check();
                assertThat(times("main", "current").keySet()).hasSizeGreaterThanOrEqualTo(IMAGES);
                assertThat(heard.assigned).isNotEmpty();
            });
        }
        List<ConsumerRecord<byte[], byte[]>> records = Embedded.records(kafka, "main.embeddings");
        Map<String, Integer> times = Embedded.times(records, "current");
        assertThat(times.values()).as("each once").containsOnly(1);
        assertThat(times.keySet()).isEqualTo(withEncoder(wanted, 0));
        compareWithCommand(records);
        for (ConsumerRecord<byte[], byte[]> record : records) {
            assertThat(Embedded.text(record, "space")).isEqualTo("0");
            assertThat(Embedded.text(record, "topic")).isEqualTo("images");
            assertThat(Embedded.text(record, "source")).contains("t10k-images");
            assertThat(Embedded.text(record, "backfill")).isEmpty();
        }

        // a policy of its own embeds them again, and sees what is no image
        Heard other = new Heard();
        var pinned = new StreamEmbedding.Task(StreamPolicy.of("pinned:0"), new BackfillDepth(0), EmbeddingValue.JSON);
        try (Work work = new Work(config, pinned, other)) {
            await().atMost(PATIENCE).untilAsserted(() -> {
                work.check();
                assertThat(times("main", "pinned:0")).hasSize(IMAGES);
                assertThat(other.leftOut.get()).isEqualTo(2);
            });
        }
        assertThat(times("main", "pinned:0").keySet()).isEqualTo(withEncoder(wanted, 0));
        assertThat(times("main", "pinned:0").values()).containsOnly(1);
        assertThat(times("main", "current")).as("the other policy").isEqualTo(times);
        JsonNode json = new ObjectMapper()
                .readTree(Embedded.records(kafka, "main.embeddings").stream()
                        .filter(record -> Embedded.text(record, "policy").equals("pinned:0"))
                        .findFirst()
                        .orElseThrow()
                        .value());
        assertThat(json.get("encoder").asLong()).isZero();
        assertThat(json.get("embedding")).hasSize(json.get("dimension").asInt());
    }

    @Test
    void newEncoder_withABackfill_embedsTheNewestAgainOnceThoughKilled() throws Exception {
        commands.good("train", "--until-step=0", run("second"));
        MillraceConfig config = config("second");
        var task = new StreamEmbedding.Task(
                StreamPolicy.of("current"), new BackfillDepth(10 * PARTITIONS), EmbeddingValue.FLOAT32);
        try (Work work = new Work(config, task, new Heard())) {
            await().atMost(PATIENCE).untilAsserted(() -> {
                work.check();
                assertThat(times("second", "current")).hasSize(IMAGES);
            });
        }
        commands.good("train", "--until-step=2", run("second"));
        for (Point point : List.of(Point.EMBEDDED, Point.OFFSETS_SENT, Point.COMMITTED)) {
            kill(config, task, point).get();
        }
        Heard heard = new Heard();
        try (Work work = new Work(config, task, heard)) {
            await().atMost(PATIENCE).untilAsserted(() -> {
                work.check();
                assertThat(heard.left.get()).isZero();
            });
        }
        Map<String, Integer> times = times("second", "current");
        Set<String> again = new HashSet<>();
        times.keySet().stream().filter(image -> image.endsWith(" 2")).forEach(again::add);
        assertThat(times.values()).as("each once by an encoder").containsOnly(1);
        assertThat(again).isEqualTo(newest(10));
        assertThat(Embedded.records(kafka, "second.embeddings"))
                .filteredOn(record -> Embedded.text(record, "encoder").equals("2"))
                .allSatisfy(
                        record -> assertThat(Embedded.text(record, "backfill")).isEqualTo("true"));
    }

    /** Two workers at once, of which one dies at the point and the other behind its first commit. */
    private static void killTwo(MillraceConfig config, StreamEmbedding.Task task, Point point) throws Exception {
        Future<?> first = kill(config, task, point);
        Future<?> second = kill(config, task, Point.COMMITTED);
        first.get();
        second.get();
    }

    private static final ExecutorService THREADS = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work, "worker");
        thread.setDaemon(true);
        return thread;
    });

    private static Future<?> kill(MillraceConfig config, StreamEmbedding.Task task, Point point) {
        return THREADS.submit(() -> {
            StreamEmbedding worker =
                    new StreamEmbedding(config, kafka, task, embedders(config), new Heard(), reached -> {
                        if (reached == point) {
                            throw new Killed();
                        }
                    });
            try {
                worker.run();
            } catch (Killed e) {
                worker.abandon();
            }
            return true;
        });
    }

    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** A worker on a thread of its own. */
    private static final class Work implements AutoCloseable {
        private final AtomicBoolean closing = new AtomicBoolean();
        private final AtomicReference<@Nullable StreamEmbedding> worker = new AtomicReference<>();
        private final Future<?> done;

        Work(MillraceConfig config, StreamEmbedding.Task task, StreamEmbedding.Listener listener) {
            this.done = THREADS.submit(() -> {
                try (StreamEmbedding made = new StreamEmbedding(config, kafka, task, embedders(config), listener)) {
                    worker.set(made);
                    if (!closing.get()) {
                        made.run();
                    }
                }
                return true;
            });
        }

        /** Throws what the worker ended with. */
        void check() throws Exception {
            if (done.isDone()) {
                done.get();
                throw new AssertionError("the worker ended by itself");
            }
        }

        @Override
        public void close() {
            closing.set(true);
            StreamEmbedding made = worker.get();
            if (made != null) {
                made.stop();
            }
            try {
                done.get();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (ExecutionException e) {
                throw new AssertionError("a worker failed", e);
            }
        }
    }

    private static final class Heard implements StreamEmbedding.Listener {
        private final AtomicInteger leftOut = new AtomicInteger();
        private final AtomicLong left = new AtomicLong(-1);
        private volatile Set<Integer> assigned = Set.of();

        @Override
        public void assigned(Set<Integer> partitions) {
            assigned = partitions;
        }

        @Override
        public void encoder(long version, long space) {}

        @Override
        public void leftOut(String position, String reason) {
            leftOut.incrementAndGet();
        }

        @Override
        public void embedded(int images) {}

        @Override
        public void backfilled(int images, long remaining) {
            left.set(remaining);
        }
    }

    private static MillraceConfig config(String name) {
        try (TopicSetup topics = new TopicSetup(kafka)) {
            MillraceConfig config = new ConfigLoader()
                    .assignments(commands.settings().toList())
                    .assignments(List.of("run.name=" + name, "evaluator.batch-size=7"))
                    .load();
            topics.ensureEmbeddings(new RunTopics(name), config.images());
            return config;
        }
    }

    private static TorchEmbedders embedders(MillraceConfig config) {
        return new TorchEmbedders(Torch.start(config.run()), config.encoder(), config.images());
    }

    private static Map<String, Integer> times(String run, String policy) {
        return Embedded.times(Embedded.records(kafka, run + ".embeddings"), policy);
    }

    /** {@code partition/offset} of every image. */
    private static Set<String> positions() {
        Set<String> positions = new HashSet<>();
        images().forEach(record -> positions.add(record.partition() + "/" + record.offset()));
        assertThat(positions).hasSize(IMAGES);
        return positions;
    }

    private static List<ConsumerRecord<byte[], byte[]>> images() {
        return Embedded.records(kafka, "images").stream()
                .filter(record -> record.value() != null && record.value().length > 20)
                .toList();
    }

    private static Set<String> withEncoder(Set<String> positions, long encoder) {
        Set<String> with = new HashSet<>();
        positions.forEach(position -> with.add(position + " " + encoder));
        return with;
    }

    /** The images among the newest offsets of each partition, with encoder 2. */
    private static Set<String> newest(int offsets) {
        Map<Integer, Long> ends = new HashMap<>();
        Embedded.records(kafka, "images")
                .forEach(record -> ends.merge(record.partition(), record.offset() + 1, Math::max));
        Set<String> newest = new HashSet<>();
        images().stream()
                .filter(record -> record.offset() >= ends.getOrDefault(record.partition(), 0L) - offsets)
                .forEach(record -> newest.add(record.partition() + "/" + record.offset() + " 2"));
        return newest;
    }

    private static void compareWithCommand(List<ConsumerRecord<byte[], byte[]>> records) throws Exception {
        Path folder = Files.createDirectories(data.resolve("same"));
        for (ConsumerRecord<byte[], byte[]> image : images()) {
            Files.write(folder.resolve(image.partition() + "-" + image.offset() + ".png"), image.value());
        }
        Path out = data.resolve("same.jsonl");
        commands.good("embed", folder.toString(), "--out=" + out, "--encoder=0", run("main"));
        Map<String, JsonNode> byCommand = new HashMap<>();
        for (String line : Files.readAllLines(out)) {
            JsonNode row = new ObjectMapper().readTree(line);
            byCommand.put(row.get("name").asText().replaceFirst(".*/", ""), row.get("embedding"));
        }
        for (ConsumerRecord<byte[], byte[]> record : records) {
            String name = Embedded.text(record, "partition") + "-" + Embedded.text(record, "offset") + ".png";
            JsonNode wanted = Objects.requireNonNull(byCommand.get(name), name);
            float[] got = Embedded.floats(record.value());
            assertThat(wanted).hasSize(got.length);
            for (int i = 0; i < got.length; i++) {
                assertThat((double) got[i]).isCloseTo(wanted.get(i).asDouble(), within(1e-5));
            }
        }
    }
}

package org.millrace.app.run;

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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.embed.Embedded;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;

/**
 * Two processes of {@code embed --stream} of which one is ended by SIGKILL in the midst of its work and started again, and both by SIGTERM
 * at the end: each image once, with the features of {@code millrace embed}. {@code mvn verify} runs the short form; the long one is
 * {@code bench/embedkills}.
 */
final class StreamKillTest {
    private static final int KILLS = Integer.getInteger("millrace.kills", 1);
    private static final int IMAGES = Integer.getInteger("millrace.images", 600);
    private static final int SAMPLE_IMAGES = 10_000;
    private static final long SEED = Long.getLong("millrace.seed", 1);
    private static final int LONGEST_MILLIS = 300;
    private static final Duration PATIENCE = Duration.ofMinutes(10); // only a hang takes that long

    @TempDir
    private static Path data;

    @Test
    void processes_killedWhileTheyEmbed_leaveEachImageOnce() throws Exception {
        System.out.println("seed " + SEED);
        SplittableRandom random = new SplittableRandom(SEED);
        try (EmbeddedBroker broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test")) {
            Commands commands = new Commands(broker::bootstrapServers, data);
            KafkaSettings kafka = PatientKafka.at(broker.bootstrapServers());
            int share = IMAGES / KILLS;
            push(commands, 0, share);
            commands.good("train", "--until-step=0", run("main"));
            String[] line = commands.line(
                    "embed",
                    "--stream",
                    run("main"),
                    "--set=evaluator.batch-size=4",
                    "--set=kafka.consumer.session.timeout.ms=6000",
                    "--set=kafka.producer.transaction.timeout.ms=2000");
            int amid = 0;
            TrainerChild next = TrainerChild.start(line);
            TrainerChild other = TrainerChild.start(line);
            try {
                for (int kill = 0; kill < KILLS; kill++) {
                    if (kill > 0) {
                        push(commands, kill * share, share);
                    }
                    awaitAbove(kafka, kill * share, next, other);
                    Thread.sleep(random.nextInt(LONGEST_MILLIS)); // another instant each time
                    next.kill();
                    amid += embedded(kafka) < (kill + 1) * share ? 1 : 0;
                    next = other;
                    other = TrainerChild.start(line);
                }
                System.out.println(amid + " of " + KILLS + " kills before the images were embedded");
                awaitAbove(kafka, KILLS * share - 1, next, other);
                assertThat(next.terminate()).isEqualTo(143);
                assertThat(other.terminate()).isEqualTo(143);
            } finally {
                next.close();
                other.close();
            }
            List<ConsumerRecord<byte[], byte[]>> records = Embedded.records(kafka, "main.embeddings");
            Map<String, Integer> times = Embedded.times(records, "current");
            assertThat(times).hasSize(KILLS * share);
            assertThat(times.values()).as("each once").containsOnly(1);
            compareWithCommand(commands, records);
        }
    }

    private static void compareWithCommand(Commands commands, List<ConsumerRecord<byte[], byte[]>> records)
            throws Exception {
        Path out = data.resolve("same.jsonl");
        commands.good("embed", Commands.SAMPLE, "--out=" + out, run("main"));
        Map<String, JsonNode> byName = new HashMap<>();
        for (String line : Files.readAllLines(out)) {
            JsonNode row = new ObjectMapper().readTree(line);
            byName.put(row.get("name").asText(), row.get("embedding"));
        }
        for (ConsumerRecord<byte[], byte[]> record : records) {
            String key = new String(record.key(), StandardCharsets.UTF_8);
            JsonNode wanted = Objects.requireNonNull(byName.get(key), key);
            float[] got = Embedded.floats(record.value());
            for (int i = 0; i < got.length; i++) {
                assertThat((double) got[i]).isCloseTo(wanted.get(i).asDouble(), within(1e-5));
            }
        }
    }

    private static void push(Commands commands, int skip, int images) {
        commands.good(
                "push",
                Commands.SAMPLE,
                "--skip=" + skip % SAMPLE_IMAGES,
                "--limit=" + images,
                "--set=images.partitions=4");
    }

    /** Waits until more embeddings than that are committed. */
    private static void awaitAbove(KafkaSettings kafka, int count, TrainerChild one, TrainerChild other) {
        await().atMost(PATIENCE).until(() -> {
            if (!one.isAlive() || !other.isAlive()) {
                throw new AssertionError("a worker ended by itself");
            }
            return embedded(kafka) > count;
        });
    }

    private static int embedded(KafkaSettings kafka) {
        try (TopicSetup topics = new TopicSetup(kafka)) {
            return topics.describe("main.embeddings").isEmpty()
                    ? 0
                    : Embedded.records(kafka, "main.embeddings").size();
        }
    }
}

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
    private static final int KILLS = Integer.getInteger("millrace.kills", 2);
    private static final int ROUNDS = Integer.getInteger("millrace.rounds", 1); // of pushing the images
    private static final int IMAGES = Integer.getInteger("millrace.images", 3_000); // of a round
    private static final long SEED = Long.getLong("millrace.seed", 1);
    private static final int LONGEST_MILLIS = 1_000;
    private static final Duration PATIENCE = Duration.ofMinutes(10); // only a hang takes that long

    @TempDir
    private static Path data;

    @Test
    void processes_killedWhileTheyEmbed_leaveEachImageOnce() throws Exception {
        System.out.println("seed " + SEED);
        SplittableRandom random = new SplittableRandom(SEED);
        try (EmbeddedBroker broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test")) {
            Commands commands = new Commands(broker::bootstrapServers, data);
            KafkaSettings kafka = new KafkaSettings(broker.bootstrapServers(), Map.of());
            for (int round = 0; round < ROUNDS; round++) {
                commands.good("push", Commands.SAMPLE, "--limit=" + IMAGES, "--set=images.partitions=4");
            }
            commands.good("train", "--until-step=0", run("main"));
            String[] line = commands.line(
                    "embed",
                    "--stream",
                    run("main"),
                    "--set=evaluator.batch-size=16",
                    "--set=kafka.consumer.session.timeout.ms=6000",
                    "--set=kafka.producer.transaction.timeout.ms=2000");
            try (TrainerChild steady = TrainerChild.start(line)) {
                for (int kill = 0; kill < KILLS; kill++) {
                    try (TrainerChild child = TrainerChild.start(line)) {
                        if (embedded(kafka) < ROUNDS * IMAGES) {
                            awaitMore(kafka, embedded(kafka), steady);
                        }
                        Thread.sleep(random.nextInt(LONGEST_MILLIS)); // another instant each time
                        child.kill();
                    }
                }
                while (embedded(kafka) < ROUNDS * IMAGES) {
                    awaitMore(kafka, embedded(kafka), steady);
                }
                assertThat(steady.terminate()).isEqualTo(143);
            }
            List<ConsumerRecord<byte[], byte[]>> records = Embedded.records(kafka, "main.embeddings");
            Map<String, Integer> times = Embedded.times(records, "current");
            assertThat(times).hasSize(ROUNDS * IMAGES);
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

    /** Waits until more embeddings are committed. */
    private static void awaitMore(KafkaSettings kafka, int before, TrainerChild worker) {
        await().atMost(PATIENCE).until(() -> {
            if (!worker.isAlive()) {
                throw new AssertionError("the worker ended by itself");
            }
            return embedded(kafka) > before;
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

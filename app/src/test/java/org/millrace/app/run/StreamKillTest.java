package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.millrace.app.run.Commands.run;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.embed.Embedded;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;

/** {@code embed --stream} in processes of its own, ended by SIGKILL in the midst of its work and by SIGTERM at the end. */
final class StreamKillTest {
    private static final int IMAGES = 3_000;
    private static final Duration PATIENCE = Duration.ofMinutes(5); // only a hang takes that long

    @TempDir
    private static Path data;

    @Test
    void processes_killedWhileTheyEmbed_leaveEachImageOnce() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test")) {
            Commands commands = new Commands(broker::bootstrapServers, data);
            KafkaSettings kafka = new KafkaSettings(broker.bootstrapServers(), Map.of());
            commands.good("push", Commands.SAMPLE, "--limit=" + IMAGES, "--set=images.partitions=2");
            commands.good("train", "--until-step=0", run("main"));
            String[] line = commands.line(
                    "embed",
                    "--stream",
                    run("main"),
                    "--set=evaluator.batch-size=16",
                    "--set=kafka.consumer.session.timeout.ms=6000",
                    "--set=kafka.producer.transaction.timeout.ms=2000");
            int before = 0;
            for (int kill = 0; kill < 2; kill++) {
                try (TrainerChild child = TrainerChild.start(line)) {
                    before = awaitMore(kafka, before, child);
                    child.kill();
                }
            }
            try (TrainerChild first = TrainerChild.start(line);
                    TrainerChild second = TrainerChild.start(line)) {
                while (embedded(kafka) < IMAGES) {
                    before = awaitMore(kafka, before, first);
                }
                assertThat(first.terminate()).isEqualTo(143);
                assertThat(second.terminate()).isEqualTo(143);
            }
            Map<String, Integer> times = Embedded.times(Embedded.records(kafka, "main.embeddings"), "current");
            assertThat(times).hasSize(IMAGES);
            assertThat(times.values()).as("each once").containsOnly(1);
        }
    }

    /** Waits until more embeddings are committed. */
    private static int awaitMore(KafkaSettings kafka, int before, TrainerChild child) {
        await().atMost(PATIENCE).until(() -> {
            if (!child.isAlive()) {
                throw new AssertionError("the worker ended by itself");
            }
            return embedded(kafka) > before;
        });
        return embedded(kafka);
    }

    private static int embedded(KafkaSettings kafka) {
        try (TopicSetup topics = new TopicSetup(kafka)) {
            return topics.describe("main.embeddings").isEmpty()
                    ? 0
                    : Embedded.records(kafka, "main.embeddings").size();
        }
    }
}

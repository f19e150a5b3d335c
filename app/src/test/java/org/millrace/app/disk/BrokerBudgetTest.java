package org.millrace.app.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.run.Commands;
import org.millrace.app.run.PatientKafka;
import org.millrace.contract.FolderBytes;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.DiskConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.trainer.checkpoint.Folders;

/** What a real broker gives up for its budget, and that a real run goes on after that. */
class BrokerBudgetTest {
    private static final int STEPS = 20;
    /** The oldest of the three checkpoints that are kept: of steps 10, 15 and 20. */
    private static final long OLDEST = 10L * Commands.BATCH;

    private static final int PUSHED = 5; // steps at once, each in files of its own
    private static final long READ = (long) PUSHED * Commands.BATCH; // by a slow consumer group
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final TopicPartition IMAGES = new TopicPartition("images", 0);

    @TempDir
    private static Path data;

    private final List<String> said = new ArrayList<>();

    @Test
    void look_overTheBudget_trainedImagesGoThatNobodyNeedsAndTheRunGoesOn() throws Exception {
        try (EmbeddedBroker broker =
                        EmbeddedBroker.start(data, new BrokerConfig(0, -1), new DiskConfig(512, 0), "test");
                ImageLogs logs = new ImageLogs(kafka(broker))) {
            Commands commands = new Commands(broker::bootstrapServers, data);
            createImages(broker);
            for (int step = 0; step < 2 * STEPS; step += PUSHED) {
                commands.good("push", Commands.SAMPLE, Commands.after(step), Commands.batches(PUSHED));
            }
            look(broker, logs, 0.5);
            assertThat(said).singleElement().asString().contains("nothing more may go: no run trains its images yet");

            commands.good("train", "--until-step=" + STEPS, Commands.run("main"));
            look(broker, logs, 1.05);
            assertThat(said)
                    .singleElement()
                    .asString()
                    .contains("Above it the oldest images go that every run has passed, 0 MiB now, and nothing else.");
            assertThat(first(broker)).isZero();

            commit(broker);
            look(broker, logs, 0.5);
            assertThat(said).singleElement().asString().contains("removed the oldest 0 MiB of images");
            assertThat(first(broker)).isEqualTo(READ);
            look(broker, logs, 0.5);
            assertThat(said)
                    .singleElement()
                    .asString()
                    .contains("and those from 40 on are needed: the consumer group slow has read no further");

            deleteGroup(broker);
            commands.good("train", "--until-step=2", Commands.run("young"));
            Folders.delete(data.resolve("runs/young/checkpoints"));
            look(broker, logs, 0.5);
            assertThat(said)
                    .singleElement()
                    .asString()
                    .contains("nothing more may go: run young has no checkpoint in this data folder");
            commands.good("runs", "delete", "young", "--yes");

            look(broker, logs, 0.5);
            assertThat(first(broker)).as("the oldest checkpoint needs the rest").isEqualTo(OLDEST);
            await("the broker frees the files")
                    .atMost(PATIENCE)
                    .until(() -> Segment.of(data.resolve("broker"), IMAGES).stream()
                            .allMatch(segment -> segment.to() > OLDEST));
            commands.good("train", "--until-step=" + (STEPS + 5), Commands.run("main"));
            assertThat(commands.good("audit", "--run=main"))
                    .contains("images trained   " + (STEPS + 5) * Commands.BATCH + ", each once")
                    .contains("gone             " + OLDEST)
                    .contains("lost 0, trained twice 0");
        }
    }

    // a budget of that share of what the broker has
    private void look(EmbeddedBroker broker, ImageLogs logs, double share) {
        said.clear();
        long budget = (long) (share * FolderBytes.of(data.resolve("broker")));
        new BrokerBudget(config(), kafka(broker), budget, said::add).look(logs);
    }

    private static MillraceConfig config() {
        return new ConfigLoader().assignments(List.of("run.data=" + data)).load();
    }

    private static KafkaSettings kafka(EmbeddedBroker broker) {
        return PatientKafka.at(broker.bootstrapServers());
    }

    private static long first(EmbeddedBroker broker) {
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka(broker).consumer(Map.of()))) {
            return Objects.requireNonNull(
                    consumer.beginningOffsets(Set.of(IMAGES)).get(IMAGES));
        }
    }

    private static void commit(EmbeddedBroker broker) {
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka(broker).consumer(Map.of("group.id", "slow")))) {
            consumer.assign(Set.of(IMAGES));
            consumer.commitSync(Map.of(IMAGES, new OffsetAndMetadata(READ)));
        }
    }

    /** A topic whose broker begins a file with each append that comes a millisecond after the one before. */
    private static void createImages(EmbeddedBroker broker) throws Exception {
        try (var admin = Admin.create(kafka(broker).admin())) {
            admin.createTopics(List.of(new NewTopic("images", Optional.of(1), Optional.empty())
                            .configs(Map.of("segment.ms", "1"))))
                    .all()
                    .get();
        }
    }

    private static void deleteGroup(EmbeddedBroker broker) throws Exception {
        try (var admin = Admin.create(kafka(broker).admin())) {
            admin.deleteConsumerGroups(List.of("slow")).all().get();
        }
    }
}

package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.millrace.app.run.Commands.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.runs.RunDeletion;
import org.millrace.contract.HeldFile;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Json;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.evaluator.drift.stream.DriftTopology;
import org.millrace.trainer.checkpoint.Folders;

/** {@code millrace runs} on real brokers: listed, compared, deleted without a trace, carried to another broker. */
class RunsOnBrokerTest {
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final int CARRIED = 10;
    private static final int LAST = 15;

    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;
    private static Commands commands;

    /** Two runs on the same images that differ in their seed, scored on the same probe set. */
    @BeforeAll
    static void train() {
        broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test");
        commands = new Commands(broker::bootstrapServers, data);
        commands.good("push", Commands.SAMPLE, Commands.batches(LAST));
        commands.good("push", Commands.SAMPLE, "--skip=2000", "--limit=300", "--to=probe");
        commands.good("train", "--until-step=" + LAST, run("straight"));
        commands.good("train", "--until-step=" + LAST, run("other", "--set=run.seed=2"));
        commands.good("evaluate", run("straight"));
        commands.good("evaluate", run("other"));
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Test
    void list_andCompare_sayWhatTheRunsAreAndHowTheyDiffer() throws IOException {
        assertThat(commands.good("runs", "list"))
                .containsPattern("straight +stopped +15 +120 +\\d+ ")
                .containsPattern("straight .* % \\(.* of \\d+ held-out images, encoder 15");
        JsonNode runs =
                Json.read(commands.good("runs", "list", "--json=-").getBytes(StandardCharsets.UTF_8), JsonNode.class);
        assertThat(runs.at("/runs").findValuesAsText("run")).contains("other", "straight");
        JsonNode first = runs.at("/runs/0");
        assertThat(first.at("/topicBytes").asLong()).isPositive();
        assertThat(first.at("/folderBytes").asLong()).isPositive();
        assertThat(first.at("/score/images").asInt()).isPositive();

        assertThat(commands.good("runs", "compare", "straight", "other"))
                .contains("  run.seed: 1 → 2\n")
                .containsPattern("120   [0-9.]+ %, [0-9.]+ % ")
                .containsPattern(
                        "linear straight - other: [+-][0-9.]+ points \\(95 %: [+-][0-9.]+ to [+-][0-9.]+\\), on the same");
        JsonNode same = Json.read(
                commands.good("runs", "compare", "straight", "straight", "--json=-")
                        .getBytes(StandardCharsets.UTF_8),
                JsonNode.class);
        JsonNode difference = same.at("/newest/difference/linear");
        assertThat(difference.at("/difference").asDouble()).isZero();
        assertThat(difference.at("/onlyFirst").asInt()).isZero();
        assertThat(same.at("/settings")).isEmpty();
        assertThat(commands.bad("runs", "compare", "straight", "nobody")).contains("there is no run nobody at ");
    }

    @Test
    void delete_stoppedRun_leavesNothingOfItAndTouchesNothingElse() throws Exception {
        commands.good("train", "--until-step=2", run("away"));
        commands.good("train", "--until-step=2", run("away-not"));
        Set<String> drift = driftOf("away");
        driftOf("away-not");
        Files.createDirectory(data.resolve("runs/.unfinished-away"));
        Set<String> topics = topics();
        Set<String> groups = groups();
        Set<String> folders = folders();
        try (var waiting = writer("millrace-away")) {
            waiting.initTransactions();
            assertThat(commands.good("runs", "delete", "away", "--yes"))
                    .contains("  topic             away.steps\n", "  consumer group    millrace-drift-away\n")
                    .contains("deleted: 8 topics, 2 consumer groups, 2 folders")
                    .contains("Kafka cannot delete transactional ids: the broker forgets millrace-away after 7 days");
            waiting.beginTransaction();
            assertThatThrownBy(() -> waiting.send(new ProducerRecord<>("straight.steps", new byte[1]))
                            .get())
                    .as("a trainer that waits elsewhere is shut out")
                    .hasCauseInstanceOf(RuntimeException.class)
                    .cause()
                    .isInstanceOfAny(ProducerFencedException.class, InvalidProducerEpochException.class);
        }
        drift.addAll(List.of("away.steps", "away.encoders", "away.evaluations"));
        topics.removeAll(drift);
        assertThat(topics()).isEqualTo(topics).contains("away-not.steps");
        groups.removeAll(List.of("millrace-drift-away", "millrace-features-away"));
        assertThat(groups()).isEqualTo(groups).contains("millrace-drift-away-not");
        folders.removeAll(List.of("away", ".unfinished-away"));
        assertThat(folders()).isEqualTo(folders).contains("away-not");
        assertThat(commands.bad("runs", "delete", "away", "--yes")).contains("there is no run away at ");
        commands.good("train", "--until-step=1", run("away")); // the name is free again
    }

    @Test
    void delete_liveRun_isRefusedWithTheReasonAndChangesNothing() throws Exception {
        commands.good("train", "--until-step=1", run("busy"));
        Path lock = data.resolve("runs/busy/trainer.lock");
        HeldFile held = HeldFile.take(lock, "process 7 on here");
        try {
            assertThat(commands.bad("runs", "delete", "busy", "--yes"))
                    .contains("run busy is not deleted: it is trained by process 7 on here", "Nothing was changed");
            assertThat(commands.good("runs", "list")).containsPattern("busy +training");
            assertThat(commands.bad("runs", "export", "busy", "--out=" + data.resolve("busy.zip")))
                    .contains("run busy is not exported: it is trained by process 7");
        } finally {
            held.close();
        }
        try (var open = writer("millrace-busy")) {
            open.initTransactions();
            open.beginTransaction();
            open.send(new ProducerRecord<>("busy.steps", "{}".getBytes(StandardCharsets.UTF_8)))
                    .get();
            assertThat(commands.bad("runs", "delete", "busy", "--yes"))
                    .contains("the transactional id millrace-busy has an open transaction");
            open.abortTransaction();
        }
        Folders.delete(commands.folder("busy")); // as on a machine that has not the trainer's folder
        long newest = LoggedRecords.of(kafka(), "busy.steps").stream()
                .mapToLong(record -> record.timestamp())
                .max()
                .orElseThrow();
        try (var early = deletion("busy", newest + 59_000);
                var late = deletion("busy", newest + 61_000)) {
            assertThatThrownBy(early::requireStopped)
                    .isInstanceOf(UserException.class)
                    .hasMessageContaining("the newest record of its journal is 59 s old");
            assertThatCode(late::requireStopped).doesNotThrowAnyException();
        }
        assertThat(topics()).contains("busy.steps", "busy.encoders");
    }

    @Test
    void import_whereTheImagesAre_goesOnToTheSameBits() throws Exception {
        Path archive = data.resolve("carried.zip");
        commands.good("train", "--until-step=" + CARRIED, run("carried"));
        assertThat(commands.good("runs", "export", "carried", "--out=" + archive))
                .contains("wrote run carried after step 10 to ");
        assertThat(commands.bad("runs", "export", "carried", "--out=" + archive))
                .contains("overwrite with --force");
        assertThat(commands.bad("runs", "import", archive.toString())).contains("there is a run carried already");
        List<String> before = RunStates.last(commands.folder("carried"));

        commands.good("runs", "delete", "carried", "--yes");
        Path left = killedImport("carried");
        try (var other = HeldFile.take(left.resolve(".importing"), "")) {
            other.write("process 1");
            assertThat(commands.bad("runs", "import", archive.toString()))
                    .contains("another import of this run is under way", "by process 1");
        }
        assertThat(commands.good("runs", "import", archive.toString()))
                .contains("its images are here: it goes on with");
        assertThat(commands.folder("carried").resolve("stray")).doesNotExist();
        assertThat(RunStates.last(commands.folder("carried"))).isEqualTo(before);
        commands.good("train", "--until-step=" + LAST, run("carried"));
        assertThat(RunStates.lastCheckpoint(commands.folder("carried")))
                .isEqualTo(RunStates.lastCheckpoint(commands.folder("straight")));
        assertThat(RunStates.results(kafka(), "carried")).isEqualTo(RunStates.results(kafka(), "straight"));
        commands.good("audit", run("carried"));
        assertThat(commands.good("inspect", "run", run("carried")))
                .contains("steps planned    15", "contiguous       yes");
    }

    @Test
    void import_atAnotherBroker_canBeUsedButNotTrained() throws Exception {
        Path archive = data.resolve("straight.zip");
        commands.good("runs", "export", "straight", "--out=" + archive);
        byte[] bytes = Files.readAllBytes(archive);
        bytes[bytes.length / 2] ^= 1;
        Path damaged = Files.write(data.resolve("damaged.zip"), bytes);
        try (var elsewhere = EmbeddedBroker.start(data.resolve("elsewhere"), new BrokerConfig(0, -1), "test")) {
            Commands there = new Commands(elsewhere::bootstrapServers, data.resolve("there"));
            assertThat(there.bad("runs", "import", damaged.toString())).containsPattern("is damaged|cannot be read");
            assertThat(there.good("runs", "list")).contains("there is no run");

            assertThat(there.good("runs", "import", archive.toString())).contains("there is no topic images here");
            assertThat(there.good("runs", "list")).containsPattern("straight +stopped +15 +120 .*, encoder 15");
            assertThat(there.good("encoders", "list", run("straight"))).contains("current");
            there.good("export", "--format=safetensors", "--out=" + data.resolve("there.safetensors"), run("straight"));
            there.good("push", Commands.SAMPLE, Commands.batches(LAST + 1));
            assertThat(there.bad("train", "--until-step=" + (LAST + 1), run("straight")))
                    .contains("this is another Kafka cluster", "choose with --on-gap");
            there.good("train", "--until-step=" + (LAST + 1), "--on-gap=skip", run("straight"));
        }
    }

    /** What an import leaves that is killed after its first record; its folder. */
    private static Path killedImport(String run) throws Exception {
        Path folder = Files.createDirectories(data.resolve("runs/.unfinished-" + run));
        Files.createFile(folder.resolve(".importing"));
        Files.writeString(folder.resolve("stray"), "half");
        RunTopics topics = new RunTopics(run);
        try (var setup = new TopicSetup(kafka());
                var producer = new KafkaProducer<byte[], byte[]>(kafka().producer(Map.of()))) {
            setup.ensureRun(topics);
            producer.send(new ProducerRecord<>(topics.steps(), new byte[1])).get();
        }
        return folder;
    }

    /** Topics and groups as {@code millrace drift} makes them; the topics. */
    private static Set<String> driftOf(String run) throws Exception {
        RunTopics topics = new RunTopics(run);
        Set<String> made = new TreeSet<>(DriftTopology.internalTopics(config(run), topics));
        assertThat(made).hasSize(3);
        made.addAll(List.of(topics.statistics(), topics.drift()));
        try (Admin admin = Admin.create(kafka().admin())) {
            admin.createTopics(made.stream()
                            .map(name -> new NewTopic(name, 1, (short) 1))
                            .toList())
                    .all()
                    .get();
            for (String group : List.of("millrace-drift-" + run, "millrace-features-" + run)) {
                admin.alterConsumerGroupOffsets(
                                group, Map.of(new TopicPartition("images", 0), new OffsetAndMetadata(3)))
                        .all()
                        .get();
            }
        }
        await().atMost(PATIENCE)
                .until(() -> topics().containsAll(made)); // the controller knows them before the broker does
        return made;
    }

    private static KafkaProducer<byte[], byte[]> writer(String transactionalId) {
        return new KafkaProducer<>(kafka().producer(Map.of("transactional.id", transactionalId)));
    }

    private static RunDeletion deletion(String run, long nowMillis) {
        return new RunDeletion(config(run), kafka(), Clock.fixed(Instant.ofEpochMilli(nowMillis), ZoneOffset.UTC));
    }

    private static MillraceConfig config(String run) {
        return new ConfigLoader()
                .assignments(List.of("run.name=" + run, "run.data=" + data))
                .load();
    }

    private static Set<String> topics() throws Exception {
        try (Admin admin = Admin.create(kafka().admin())) {
            return new TreeSet<>(admin.listTopics().names().get());
        }
    }

    private static Set<String> groups() throws Exception {
        try (Admin admin = Admin.create(kafka().admin())) {
            return admin.listGroups().all().get().stream()
                    .map(group -> group.groupId())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static Set<String> folders() throws IOException {
        try (Stream<Path> folders = Files.list(data.resolve("runs"))) {
            return folders.map(folder -> folder.getFileName().toString())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static KafkaSettings kafka() {
        return PatientKafka.at(broker.bootstrapServers());
    }
}

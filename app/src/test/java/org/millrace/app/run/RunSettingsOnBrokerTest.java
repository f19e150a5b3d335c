package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.millrace.app.run.Commands.run;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;

/** A run's settings apply to every command about it; and images missing from its log. On a real broker. */
class RunSettingsOnBrokerTest {
    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;
    private static Commands commands;

    @BeforeAll
    static void trainARunOfItsOwnTopic() {
        broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test");
        commands = new Commands(broker::bootstrapServers, data);
        commands.good("push", Commands.SAMPLE, Commands.batches(10), "--set=images.topic=camera");
        commands.good(
                "train",
                "--until-step=6",
                run("main", "--set=images.topic=camera", "--set=trainer.publish-every-steps=3"));
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Test
    void train_otherBatchAndObjective_refusedAlsoWhereTheFolderIsLost() {
        String[] changed = run(
                "main",
                "--set=images.topic=camera",
                "--set=trainer.objective=byol",
                "--set=trainer.batch-size=4",
                "--set=run.data=" + data.resolve("lost"));
        assertThat(commands.bad("train", "--until-step=8", changed))
                .contains(
                        "run main was started with other settings (its journal main.steps has them) and cannot continue with these:",
                        "trainer.batch-size: 8 → 4",
                        "trainer.objective: moco-v2 → byol",
                        "Set them back");
        assertThat(data.resolve("lost").resolve("runs")).doesNotExist();
        assertThat(commands.bad("train", "--create-topics", "--until-step=8", run("main", "--set=images.topic=new")))
                .contains("images.topic: camera → new");
    }

    @Test
    void auditAndReplay_topicOfImagesNotSaid_isTheRuns() {
        assertThat(commands.good("audit", "--run=main"))
                .containsPattern("offsets covered  [4-8]\\d\n")
                .contains("lost 0, trained twice 0", "more, which wait to be trained");
        assertThat(commands.good("replay", "--run=main", "--until-step=6", "--set=trainer.batch-size=16"))
                .contains("6 steps of run main computed again", "all equal to the bit");
    }

    @Test
    void encoders_newestRevoked_theOneBeforeIsTakenUntilItIsReinstated() throws IOException {
        Path image = Files.write(data.resolve("image.png"), image(7));
        assertThat(embed(image)).contains("by encoder 6");
        assertThat(commands.good("encoders", "revoke", "6", "--run=main", "--reason=wrong objective"))
                .contains("encoder 6 of run main is revoked (wrong objective); the current encoder is 3");
        assertThat(commands.good("encoders", "list", "--run=main"))
                .containsPattern("(?m)^3 .* current$")
                .containsPattern("(?m)^6 .* revoked .*: wrong objective$");
        assertThat(embed(image)).contains("by encoder 3");
        assertThat(commands.bad(
                        "embed", image.toString(), "--out=" + data.resolve("x.npy"), "--encoder=6", "--run=main"))
                .contains("encoder 6 of run main is revoked: wrong objective", "millrace encoders reinstate 6");
        assertThat(commands.good("export", "--format=safetensors", "--out=" + data.resolve("a"), "--run=main"))
                .contains("after step 5"); // of the last checkpoint that has another encoder
        assertThat(commands.bad("encoders", "revoke", "6", "--run=main")).contains("is revoked already");
        assertThat(commands.bad("encoders", "revoke", "4", "--run=main")).contains("there are [0, 3, 6]");
        commands.good("encoders", "reinstate", "6", "--run=main");
        assertThat(embed(image)).contains("by encoder 6");
        assertThat(commands.bad("encoders", "reinstate", "6", "--run=main")).contains("is not revoked");
        assertThat(commands.good("encoders", "revoke", "6", "--run=main"))
                .contains("encoder 6 of run main is revoked (no reason given)");
        assertThat(commands.good("encoders", "list", "--run=main"))
                .containsPattern("(?m)^6 .* revoked .*: no reason given$");
        commands.good("encoders", "reinstate", "6", "--run=main");
    }

    @Test
    void export_runWithoutACheckpointHere_takesTheTopicsEncoder() throws IOException {
        String elsewhere = "--set=run.data=" + data.resolve("elsewhere");
        Path file = data.resolve("young.safetensors");
        assertThat(commands.good("export", "--format=safetensors", "--out=" + file, "--run=main", elsewhere))
                .contains("wrote the encoder of run main after step 6");
        assertThat(Files.readString(data.resolve("young.safetensors.md")))
                .contains("| published | ", "to `main.encoders` |", "| `images.topic` | `camera` |");
        assertThat(commands.bad(
                        "export", "--format=safetensors", "--out=" + data.resolve("n"), "--run=none", elsewhere))
                .contains(
                        "run none has no whole checkpoint under",
                        "run none has published no encoder: the topic none.encoders does not exist",
                        "its first checkpoint after step 5 (trainer.checkpoint-every-steps)");
    }

    @Test
    void train_recordsOfAPlanGoneFromTheMiddle_refusedWithTheReasonThenSkipped() throws Exception {
        String[] run = run("holes", "--set=images.topic=holes.images");
        try (Admin admin = Admin.create(kafka().admin())) {
            admin.createTopics(List.of(new NewTopic("holes.images", Optional.of(1), Optional.empty())
                            .configs(Map.of("cleanup.policy", "compact"))))
                    .all()
                    .get();
        }
        produce(4, true); // offsets 0 to 3, and a marker
        produce(6, false); // aborted: 5 to 10, and a marker
        produce(22, true);
        Ends.awaitTransactions(kafka());
        plan(1, new OffsetRange(0, 0, 12), 8); // as if four of these had still had a record when it was planned

        assertThat(commands.bad("train", "--until-step=2", run))
                .contains(
                        "step 1 planned to train 8 images, of which holes.images no longer holds 4: there is no record at"
                                + " 0/4, 0/5, 0/6, 0/7, 0/8 and 3 more (partition/offset).",
                        "The topic is compacted (cleanup.policy=compact)",
                        "--on-gap");
        assertThat(commands.good("train", "--until-step=3", "--on-gap=skip", run))
                .contains("skipped: step 1 planned to train 8 images");
        assertThat(commands.good("audit", "--run=holes"))
                .contains(
                        "images trained   24",
                        "that the compaction of holes.images removed before anyone trained them",
                        "skipped by choice after step 0",
                        "lost 0 besides what compaction removed, trained twice 0");
        assertThat(commands.good("replay", "--run=holes"))
                .contains("3 steps of run holes", "3 losses, 0 digests: the losses are equal");
    }

    private static String embed(Path image) {
        return commands.good("embed", image.toString(), "--force", "--out=" + data.resolve("e.npy"), "--run=main");
    }

    private static void plan(long step, OffsetRange range, int images) throws Exception {
        var settings = ConfigLoader.effective(new ConfigLoader()
                .assignments(
                        Stream.concat(commands.settings(), Stream.of("run.name=holes", "images.topic=holes.images"))
                                .toList())
                .load());
        try (var topics = new TopicSetup(kafka());
                var producer = new KafkaProducer<byte[], byte[]>(kafka().producer(Map.of()))) {
            topics.ensureRun(new org.millrace.contract.RunTopics("holes"));
            var start = new RunStarted(
                    JournalEvent.SCHEMA, 0, "s", "test", "engine", topics.identity("holes.images"), settings, 0);
            for (JournalEvent event : List.of(start, new StepPlan(step, List.of(range), images))) {
                producer.send(new ProducerRecord<>("holes.steps", Json.write(event)))
                        .get();
            }
        }
    }

    private static void produce(int images, boolean commit) throws Exception {
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka().producer(Map.of("transactional.id", "camera")))) {
            producer.initTransactions();
            producer.beginTransaction();
            for (int i = 0; i < images; i++) {
                byte[] key = ("image " + i).getBytes(StandardCharsets.UTF_8);
                producer.send(new ProducerRecord<>("holes.images", key, image(i)))
                        .get();
            }
            if (commit) {
                producer.commitTransaction();
            } else {
                producer.abortTransaction();
            }
        }
    }

    private static byte[] image(int value) throws IOException {
        var image = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 256; i++) {
            image.getRaster().setSample(i % 16, i / 16, 0, (value * 31 + i * (value + 1)) % 256);
        }
        var bytes = new ByteArrayOutputStream();
        ImageIO.write(image, "png", bytes);
        return bytes.toByteArray();
    }

    private static KafkaSettings kafka() {
        return PatientKafka.at(broker.bootstrapServers());
    }
}

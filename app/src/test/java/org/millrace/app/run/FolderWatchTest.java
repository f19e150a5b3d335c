package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.FileNames;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.UserException;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.push.PushRequest;
import org.millrace.ingest.watch.FolderWatch;
import org.millrace.ingest.watch.WatchRequest;

/** A watched folder on a real broker: the records in the log after each scan. */
final class FolderWatchTest {
    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;
    private static KafkaSettings kafka;

    @TempDir
    private Path folder;

    private ImagesConfig images = new ConfigLoader().load().images();

    @BeforeAll
    static void startBroker() {
        broker = EmbeddedBroker.start(data, new BrokerConfig(0, -1), "test");
        kafka = PatientKafka.at(broker.bootstrapServers());
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @BeforeEach
    void createTopics(TestInfo test) {
        images = images(test.getTestMethod().orElseThrow().getName());
        try (TopicSetup topics = new TopicSetup(kafka)) {
            topics.ensureImages(images);
            topics.ensureWatched(images);
        }
    }

    @Test
    void look_filesNewRenamedTouchedAndWrittenAnew_pushesEachImageOnceAlsoAfterARestart() throws Exception {
        Path cat = Files.write(folder.resolve("cat.png"), png(1));
        String latin = "deep/er/d�F6g <b>.png"; // a byte that is not UTF-8
        Files.createDirectories(folder.resolve("deep/er"));
        Path deep = Files.write(FileNames.path(folder + "/" + latin), png(2));
        Files.writeString(folder.resolve("notes.txt"), "this is no image");
        Files.write(folder.resolve("coming.jpg.part"), png(3));
        String id = folder.getFileName().toString();
        try (FolderWatch watch = open(Duration.ZERO)) {
            assertThat(watch.look()).isFalse();
            assertThat(keys(images.topic())).containsExactly(id + "/cat.png", id + "/" + latin);
            assertThat(records(images.topic()).get(0).value()).isEqualTo(png(1));
            assertThat(keys(images.rejectedTopic())).containsExactly(id + "/notes.txt");
            watch.look();
        }
        forgeMemory(); // left out, and the rest of the memory counts
        Files.move(folder.resolve("coming.jpg.part"), folder.resolve("coming.jpg"));
        Files.move(cat, folder.resolve("moved.png"));
        Files.setLastModifiedTime(deep, FileTime.fromMillis(1_000_000_000_000L));
        try (FolderWatch watch = open(Duration.ZERO)) {
            watch.look();
            assertThat(keys(images.topic())).hasSize(3).last().isEqualTo(id + "/coming.jpg");
            Files.write(folder.resolve("moved.png"), png(4));
            watch.look();
            watch.look();
            assertThat(keys(images.topic())).hasSize(4).last().isEqualTo(id + "/moved.png");
            Files.write(folder.resolve("copy.png"), png(4)); // another file with the same bytes
            watch.look();
            assertThat(keys(images.topic())).hasSize(5);
        }
        try (FolderWatch watch = open(Duration.ZERO)) {
            watch.look();
        }
        assertThat(keys(images.topic())).hasSize(5);
        assertThat(keys(images.rejectedTopic())).hasSize(1);
        assertThat(ImageHeaders.text(records(images.topic()).get(4).headers(), ImageHeaders.SOURCE))
                .contains(folder.toString());
    }

    /** Writes records that are no memory of a file, under this watch's keys and under others. */
    private void forgeMemory() throws Exception {
        String known = keys(images.watchedTopic()).get(0);
        String watch = known.substring(0, known.indexOf('!') + 1);
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(Map.of()))) {
            for (String key : List.of(watch + "forged.png", watch, "nobody!a.png", "\u001b[31m")) {
                for (String value : List.of("no json", "null", "[]", "{\"schema\":1}", "")) {
                    producer.send(new ProducerRecord<>(
                                    images.watchedTopic(),
                                    key.getBytes(StandardCharsets.UTF_8),
                                    value.getBytes(StandardCharsets.UTF_8)))
                            .get();
                }
            }
            producer.send(new ProducerRecord<>(
                            images.watchedTopic(), (watch + "gone").getBytes(StandardCharsets.UTF_8), null))
                    .get();
        }
    }

    @Test
    void look_memoryCannotBeWritten_theImagesAreNotThereEither() throws Exception {
        Files.write(folder.resolve("a.png"), png(1));
        // from its first day the topic takes nothing but a transaction's marker
        images = images("unwritable");
        ConfigResource watched = new ConfigResource(ConfigResource.Type.TOPIC, images.watchedTopic());
        ConfigEntry tiny = new ConfigEntry("max.message.bytes", "100");
        try (Admin admin = Admin.create(kafka.admin());
                TopicSetup topics = new TopicSetup(kafka)) {
            admin.createTopics(List.of(
                            new NewTopic(watched.name(), 1, (short) 1).configs(Map.of(tiny.name(), tiny.value()))))
                    .all()
                    .get();
            topics.ensureImages(images);
            try (FolderWatch watch = open(Duration.ZERO)) {
                assertThatThrownBy(watch::look).isInstanceOf(KafkaException.class);
            }
            assertThat(keys(images.topic())).isEmpty();
            admin.incrementalAlterConfigs(Map.of(watched, List.of(new AlterConfigOp(tiny, OpType.DELETE))))
                    .all()
                    .get();
        }
        await().atMost(Duration.ofMinutes(5)) // a broker takes a changed setting up when it has answered
                .ignoreExceptionsInstanceOf(KafkaException.class)
                .until(() -> {
                    try (FolderWatch watch = open(Duration.ZERO)) {
                        watch.look();
                        watch.look();
                        return true;
                    }
                });
        assertThat(keys(images.topic())).hasSize(1);
    }

    @Test
    void look_fileThatHasNotSettled_waits() throws Exception {
        Files.write(folder.resolve("a.png"), png(1));
        try (FolderWatch watch = open(Duration.ofHours(1))) {
            assertThat(watch.look()).isTrue();
            assertThat(watch.look()).isTrue();
        }
        assertThat(keys(images.topic())).isEmpty();
    }

    @Test
    void look_anotherHasTakenOver_stops() throws Exception {
        try (FolderWatch first = open(Duration.ZERO);
                FolderWatch second = open(Duration.ZERO)) {
            Files.write(folder.resolve("a.png"), png(1));
            second.look();
            Files.write(folder.resolve("b.png"), png(2));
            assertThatThrownBy(first::look)
                    .isInstanceOf(UserException.class)
                    .hasMessageContaining("another process has taken over the watch");
            second.look();
        }
        assertThat(keys(images.topic())).hasSize(2);
    }

    @Test
    void look_anotherImageForALineOfLabels_isRefusedInALaterLookToo() throws Exception {
        Path labels = Files.writeString(data.resolve("labels.csv"), "a.png,cat\n");
        try (FolderWatch watch = open(Duration.ZERO, new Labels.FromFile(labels))) {
            Files.write(Files.createDirectory(folder.resolve("x")).resolve("a.png"), png(1));
            watch.look();
            Files.write(Files.createDirectory(folder.resolve("y")).resolve("a.png"), png(2));
            assertThatThrownBy(watch::look)
                    .isInstanceOf(UserException.class)
                    .hasMessageContaining("labels.csv line 1 ('a.png') fits two images: ");
        }
        assertThat(keys(images.topic())).hasSize(1);
    }

    private FolderWatch open(Duration settle) {
        return open(settle, new Labels.None());
    }

    private FolderWatch open(Duration settle, Labels labels) {
        var request = new WatchRequest(folder, WatchRequest.nameOf(folder), PushRequest.Target.IMAGES, labels, settle);
        return FolderWatch.open(request, kafka, images, new FolderWatch.Listener() {
            @Override
            public void pushed(long pushed, long rejected) {}

            @Override
            public void unreadable(String position, String reason) {
                throw new AssertionError(position + " " + reason);
            }
        });
    }

    private static ImagesConfig images(String topic) {
        return new ConfigLoader()
                .assignments(List.of("images.topic=" + topic, "images.rejected-topic=" + topic + ".rejected"))
                .load()
                .images();
    }

    private static List<String> keys(String topic) {
        return records(topic).stream()
                .map(record -> new String(record.key(), StandardCharsets.UTF_8))
                .toList();
    }

    private static List<ConsumerRecord<byte[], byte[]>> records(String topic) {
        Ends.awaitTransactions(kafka);
        return LoggedRecords.of(kafka, topic);
    }

    private static byte[] png(int grey) throws IOException {
        var image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, grey);
        var bytes = new ByteArrayOutputStream();
        ImageIO.write(image, "png", bytes);
        return bytes.toByteArray();
    }
}

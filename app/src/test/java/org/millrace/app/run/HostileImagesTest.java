package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.millrace.app.run.Commands.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.Sha256;
import org.millrace.contract.config.BrokerConfig;

/**
 * Unusual, damaged and malicious images through the real trainer, in a process with little memory: each is trained or rejected with a
 * reason, and none stops it. {@code -Dmillrace.images=FOLDER} mutates the files of a folder besides those of the test.
 */
class HostileImagesTest {
    private static final int MUTATED = 1_000;
    private static final String HEAP = "-Xmx192m";
    private static final long SEED = Long.getLong("millrace.seed", System.nanoTime() & 0xffff);

    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;
    private static Commands commands;

    @BeforeAll
    static void startBroker() {
        broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test");
        commands = new Commands(broker::bootstrapServers, data);
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Test
    void train_oddButWellFormed_isTrainedAndWhatHurtsIsRefused() throws Exception {
        String[] run = run("odd", "--set=images.topic=odd", "--set=images.rejected-topic=odd.rejected");
        commands.good("push", Commands.SAMPLE, "--limit=16", run);
        Map<String, byte[]> odd = HostileImages.odd();
        Map<String, byte[]> refused = HostileImages.refused();
        send(
                "odd",
                Stream.concat(odd.values().stream(), refused.values().stream()).toList());
        commands.good("push", Commands.SAMPLE, "--skip=16", "--limit=" + (33 - odd.size() % 16), run);
        Path folder = Files.createDirectories(commands.folder("odd"));
        Files.write(
                folder.resolve("decoding"), // as the third process in a row leaves it that ended on offset 2
                ByteBuffer.allocate(24).putLong(0 + 1).putLong(2).putLong(2).array());
        assertThat(train(run)).isZero();

        Map<Long, String> reasons = reasons("odd.rejected");
        assertThat(reasons.remove(2L)).contains("the process that decoded it ended");
        assertThat(folder.resolve("poisoned-images")).hasContent("0/2");
        List<String> names = new ArrayList<>(odd.keySet());
        names.addAll(refused.keySet());
        Set<String> got = new HashSet<>();
        reasons.forEach((offset, reason) -> {
            System.out.println(names.get((int) (offset - 16)) + ": " + reason);
            got.add(names.get((int) (offset - 16)));
        });
        assertThat(got).containsExactlyInAnyOrderElementsOf(refused.keySet());
        assertThat(commands.good("audit", run)).contains("lost 0, trained twice 0");
    }

    @Test
    void train_mutatedImages_eachIsTrainedOrRefusedWithItsReason() throws Exception {
        System.out.println("seed " + SEED);
        SplittableRandom random = new SplittableRandom(SEED);
        List<byte[]> sources = sources();
        List<byte[]> mutated = new ArrayList<>();
        for (int i = 0; i < MUTATED; i++) {
            mutated.add(HostileImages.mutated(sources.get(random.nextInt(sources.size())), random));
        }
        String[] run = run(
                "mutated",
                "--set=images.topic=mutated",
                "--set=images.rejected-topic=mutated.rejected",
                "--set=images.max-pixels=1048576");
        commands.good("push", Commands.SAMPLE, "--limit=16", run);
        send("mutated", mutated);
        commands.good("push", Commands.SAMPLE, "--skip=16", "--limit=16", run);
        assertThat(train(run)).isZero();

        Map<Long, String> reasons = reasons("mutated.rejected");
        assertThat(commands.good("audit", run)).contains("lost 0, trained twice 0");
        Map<String, Integer> counts = new TreeMap<>();
        reasons.values().forEach(reason -> counts.merge(kind(reason), 1, Integer::sum));
        int trained = MUTATED - reasons.size();
        System.out.println("of " + MUTATED + " mutated images of " + sources.size() + " files " + trained
                + " decoded, refused " + reasons.size() + ": " + counts + "; heap " + HEAP);
        assertThat(reasons).hasSizeBetween(MUTATED / 10, MUTATED * 9 / 10);
        assertThat(reasons.values()).allSatisfy(reason -> assertThat(reason).isNotBlank());
    }

    @Test
    void train_claimChecks_onlyAllowedPlacesAreRead() throws Exception {
        Path allowed = Files.createDirectories(data.resolve("large"));
        byte[] image = HostileImages.file("baseline.jpg");
        Path inside = Files.write(allowed.resolve("a.jpg"), image);
        Path outside = Files.write(data.resolve("secret.jpg"), image);
        String[] run = run(
                "claims",
                "--set=images.topic=claims",
                "--set=images.rejected-topic=claims.rejected",
                "--set=images.claim-check-allow=" + allowed);
        commands.good("push", Commands.SAMPLE, "--limit=15", run);
        var kafka = PatientKafka.at(broker.bootstrapServers());
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(Map.of()))) {
            for (Path file : List.of(inside, outside)) {
                var record = new ProducerRecord<byte[], byte[]>("claims", new byte[0]);
                ImageHeaders.put(
                        record.headers(), ImageHeaders.LOCATION, file.toUri().toString());
                ImageHeaders.put(record.headers(), ImageHeaders.SHA256, Sha256.of(image));
                producer.send(record).get();
            }
        }
        commands.good("push", Commands.SAMPLE, "--skip=15", "--limit=16", run);
        commands.good("train", "--until-end", run); // no process of its own: nothing here is large
        assertThat(reasons("claims.rejected"))
                .containsExactly(
                        Map.entry(16L, "the claim-check points outside images.claim-check-allow, or to nothing"));
        assertThat(commands.good("audit", run)).contains("images trained   32", "lost 0, trained twice 0");
    }

    private static List<byte[]> sources() throws IOException {
        List<byte[]> sources = new ArrayList<>(HostileImages.odd().values());
        String more = System.getProperty("millrace.images", "");
        if (!more.isBlank()) {
            try (Stream<Path> files = Files.list(Path.of(more))) {
                files.sorted().map(HostileImagesTest::read).forEach(sources::add);
            }
        }
        return sources;
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int train(String[] run) throws Exception {
        try (TrainerChild trainer = TrainerChild.startSmall(HEAP, commands.line("train", "--until-end", run))) {
            return trainer.await();
        }
    }

    // the reason without its particulars
    private static String kind(String reason) {
        return reason.startsWith("damaged") ? reason.substring(0, reason.indexOf(':')) : reason.replaceAll(":.*", "");
    }

    private static void send(String topic, List<byte[]> images) throws Exception {
        var kafka = PatientKafka.at(broker.bootstrapServers());
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(Map.of("max.request.size", 9 << 20)))) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (byte[] image : images) {
                var record = new ProducerRecord<byte[], byte[]>(topic, image);
                ImageHeaders.put(record.headers(), ImageHeaders.CONTENT_TYPE, "video/mp4"); // never believed
                sent.add(producer.send(record));
            }
            for (Future<RecordMetadata> each : sent) {
                each.get();
            }
        }
    }

    // of each refused offset
    private static Map<Long, String> reasons(String topic) {
        Map<Long, String> reasons = new TreeMap<>();
        var kafka = PatientKafka.at(broker.bootstrapServers());
        LoggedRecords.of(kafka, topic).forEach(record -> {
            String position = ImageHeaders.text(record.headers(), ImageHeaders.REJECT_POSITION)
                    .orElseThrow();
            String reason = ImageHeaders.text(record.headers(), ImageHeaders.REJECT_REASON)
                    .orElseThrow();
            reasons.put(Long.parseLong(position.substring(position.lastIndexOf('/') + 1)), reason);
        });
        return reasons;
    }
}

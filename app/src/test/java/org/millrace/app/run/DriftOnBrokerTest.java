package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.millrace.app.run.Commands.run;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.DriftReport;
import org.millrace.contract.event.DriftReport.Verdict;
import org.millrace.contract.event.Json;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.service.Services;

/** {@code millrace drift} in a process of its own, on a real broker, killed in the middle. */
class DriftOnBrokerTest {
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final int WINDOW_IMAGES = 64;
    private static final long AT = 1_700_000_000_000L;

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
    void drift_photographsGoDarkWhileItIsKilled_isSeenAndEveryImageCountedOnce() throws Exception {
        System.out.println("seed 5");
        commands.good("push", Commands.SAMPLE, Commands.batches(4));
        commands.good("train", "--until-end", run("main", "--set=trainer.publish-every-steps=2"));
        String[] watched = run(
                "main",
                "--set=images.topic=camera",
                "--set=drift.window-millis=1000",
                "--set=drift.grace-millis=0",
                "--set=drift.least-images=32",
                "--set=drift.window-images=64",
                "--set=drift.reference-images=512",
                "--set=drift.expected-run=100");
        try (Admin admin = Admin.create(kafka().admin())) {
            admin.createTopics(List.of(new NewTopic("camera", 1, (short) 1)))
                    .all()
                    .get();
        }
        try (TrainerChild first = TrainerChild.start(commands.line("drift", watched))) {
            send(0, 12, 255);
            await().atMost(PATIENCE).until(() -> reports().size() >= 10 || !first.isAlive());
            first.kill();
        }
        send(12, 16, 255);
        send(16, 20, 60); // four windows of dark images
        send(30, 31, 255);
        int before = reports().size();
        long begin = System.nanoTime();
        try (TrainerChild second = TrainerChild.start(commands.line("drift", watched))) {
            await().atMost(PATIENCE).until(() -> reports().size() > before || !second.isAlive());
            System.out.printf(
                    "killed and restarted, it reports its first window after %.1f s%n",
                    (System.nanoTime() - begin) / 1e9);
            await().atMost(PATIENCE).until(() -> reports().size() >= 20 || !second.isAlive());
            assertThatAnotherWatchIsTold();
            assertThatOnlyTheOpenAlarmIsToldOfThePast();
            assertThat(commands.good("drift", "acknowledge", "--note=seen", run("main")))
                    .contains("acknowledged", "(seen)");
            assertThat(commands.good("drift", "rebase", run("main")))
                    .contains("the images from now on are the new reference");
            String[] elsewhere = Stream.concat(Arrays.stream(watched), Stream.of("--set=run.data=" + data.resolve("b")))
                    .toArray(String[]::new);
            String member = member().orElseThrow();
            try (TrainerChild third = TrainerChild.start(commands.line("drift", elsewhere))) {
                awaitAnotherMember(Optional.of(member));
                member = member().orElseThrow();
                assertThatOneThatStartsByItselfWaits();
                assertThat(member()).as("the third watches").contains(member);
                assertThat(second.isAlive()).as("it waits").isTrue();
                assertThat(third.terminate()).isEqualTo(143);
            }
            awaitAnotherMember(Optional.of(member)); // the second is back
            commands.good("encoders", "revoke", "4", run("main"));
            AtomicInteger window = new AtomicInteger(40);
            await().atMost(PATIENCE).until(() -> {
                send(window.get(), window.incrementAndGet(), 255);
                return reports().stream().anyMatch(report -> report.encoderVersion() == 2);
            });
            assertThat(commands.bad("runs", "delete", "main", "--yes"))
                    .contains("run main is not deleted: its drift is monitored by process ");
            assertThat(second.terminate()).isEqualTo(143);
        }
        List<DriftReport> reports = reports();
        assertThat(reports).extracting(report -> report.fromMillis() / 1000).doesNotHaveDuplicates();
        assertThat(reports.subList(0, 20)).extracting(DriftReport::images).containsOnly((long) WINDOW_IMAGES);
        assertThat(reports.subList(0, 8)).extracting(DriftReport::verdict).containsOnly(Verdict.REFERENCE);
        assertThat(reports.subList(8, 16)).extracting(DriftReport::verdict).containsOnly(Verdict.STABLE);
        assertThat(reports.subList(16, 20)).extracting(DriftReport::verdict).containsOnly(Verdict.DRIFT);
        assertThatDeletionLeavesNothing();
    }

    // what Kafka Streams made included
    private void assertThatDeletionLeavesNothing() throws Exception {
        await().atMost(PATIENCE).until(() -> member().isEmpty());
        try (Admin admin = Admin.create(kafka().admin())) {
            assertThat(admin.listTopics().names().get()).anyMatch(topic -> topic.startsWith("millrace-drift-main-"));
            assertThat(commands.good("runs", "delete", "main", "--yes")).contains("millrace-drift-main-");
            assertThat(admin.listTopics().names().get())
                    .noneMatch(topic -> topic.startsWith("millrace-") || topic.startsWith("main."))
                    .contains("camera", "images");
            assertThat(admin.listGroups().all().get()).isEmpty();
        }
        assertThat(data.resolve("runs/main")).doesNotExist();
    }

    @Test
    void drift_noEncoderPublished_saysSo() {
        String[] never = run("never", "--set=images.topic=unused");
        commands.good("push", Commands.SAMPLE, Commands.batches(1), never);
        assertThat(commands.bad("drift", never)).contains("there is no run never at ", "millrace train");
    }

    private void assertThatAnotherWatchIsTold() {
        MillraceConfig config = new ConfigLoader()
                .assignments(commands.settings().toList())
                .assignments(List.of("images.topic=camera"))
                .load();
        List<String> words = new CopyOnWriteArrayList<>();
        try (Services services = new Services()) {
            services.start("drift", new DriftService(config, kafka(), DriftService.Claim.WAITS, words::add));
            await().atMost(PATIENCE).until(() -> !words.isEmpty());
            services.check();
        }
        assertThat(words).singleElement().asString().contains("is already monitored by process ");
    }

    private void assertThatOnlyTheOpenAlarmIsToldOfThePast() {
        List<DriftEvent> reported = new CopyOnWriteArrayList<>();
        MillraceConfig config =
                new ConfigLoader().assignments(commands.settings().toList()).load();
        try (Services services = new Services()) {
            services.start("reports", new DriftReports(config, kafka(), reported::add));
            await().atMost(PATIENCE).until(() -> !reported.isEmpty());
        }
        assertThat(reported).singleElement().satisfies(event -> {
            assertThat(event).isInstanceOf(DriftAlarm.class);
            assertThat(((DriftAlarm) event).state()).isEqualTo(DriftAlarm.State.RAISED);
        });
    }

    // like the one of up; in another folder than the processes that monitor or wait
    private void assertThatOneThatStartsByItselfWaits() {
        MillraceConfig config = new ConfigLoader()
                .assignments(commands.settings().toList())
                .assignments(List.of("images.topic=camera", "run.data=" + data.resolve("c")))
                .load();
        List<String> words = new CopyOnWriteArrayList<>();
        try (Services services = new Services()) {
            services.start("drift", new DriftService(config, kafka(), DriftService.Claim.WAITS, words::add));
            await().atMost(PATIENCE).until(() -> !words.isEmpty());
            services.check();
        }
        assertThat(words).singleElement().asString().contains("is monitored by a process of another folder");
    }

    private void awaitAnotherMember(Optional<String> former) {
        await().atMost(PATIENCE).until(() -> member().isPresent() && !member().equals(former));
    }

    /** The process whose topology runs. */
    private Optional<String> member() throws Exception {
        try (Admin admin = Admin.create(kafka().admin())) {
            return admin.describeConsumerGroups(List.of("millrace-drift-main")).all().get().values().stream()
                    .flatMap(group -> group.members().stream())
                    .map(MemberDescription::consumerId)
                    .findAny();
        }
    }

    // a window a second, each of so many images of noise under that brightness
    private void send(int fromWindow, int toWindow, int brightness) throws Exception {
        Random random = new Random(5L + fromWindow);
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka().producer(Map.of()))) {
            for (int window = fromWindow; window < toWindow; window++) {
                for (int i = 0; i < WINDOW_IMAGES; i++) {
                    long time = AT + 1_000L * window + i * 1_000L / WINDOW_IMAGES;
                    sent.add(producer.send(new ProducerRecord<>(
                            "camera", 0, time, null, HostileImages.noise(16, 16, brightness, random))));
                }
            }
            for (Future<RecordMetadata> each : sent) {
                each.get();
            }
        }
    }

    private List<DriftReport> reports() {
        return events().stream()
                .filter(DriftReport.class::isInstance)
                .map(DriftReport.class::cast)
                .toList();
    }

    private List<DriftEvent> events() {
        return LoggedRecords.of(kafka(), "main.drift").stream()
                .map(record -> Json.read(record.value(), DriftEvent.class))
                .toList();
    }

    private KafkaSettings kafka() {
        return PatientKafka.at(broker.bootstrapServers());
    }
}

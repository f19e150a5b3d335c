package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.cli.MillraceCommandLine;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.DriftReport;
import org.millrace.contract.event.DriftReport.Verdict;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.service.Services;

/**
 * A data folder and topics made by commit 774a428 are opened and go on. It had trained 148 steps on 1,184 images, scored nine encoders,
 * calibrated its drift detectors and raised an alarm, which was acknowledged; 63 images more waited on the topic. Its encoder is a
 * ResNet-20 of which all but a few channels are zero, so that it packs small: resources/old/README.md.
 */
@TestMethodOrder(OrderAnnotation.class) // each continues where the previous one stopped
final class OldDataFolderTest {
    /** Named in the run's settings, relative to the module's folder. */
    private static final Path FOLDER = Path.of("target/old-run");

    private static final String PROCESSOR = "GenuineIntel 6 167";
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private static EmbeddedBroker broker;

    @BeforeAll
    static void unpack() throws IOException {
        if (Files.exists(FOLDER)) {
            try (Stream<Path> former = Files.walk(FOLDER)) {
                former.sorted(Comparator.reverseOrder())
                        .forEach(path -> path.toFile().delete());
            }
        }
        InputStream resource = OldDataFolderTest.class.getResourceAsStream("/old/run-774a428.zip");
        try (ZipInputStream zip = new ZipInputStream(Objects.requireNonNull(resource))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Path path = FOLDER.resolve(entry.getName());
                if (entry.isDirectory()) {
                    Files.createDirectories(path);
                } else {
                    Files.createDirectories(path.getParent());
                    Files.copy(zip, path);
                }
            }
        }
        broker = EmbeddedBroker.start(FOLDER.resolve("data"), new BrokerConfig(0, -1), "test");
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Test
    @Order(1)
    void audit_asItWasLeft_addsUp() {
        assertThat(good("audit"))
                .contains("steps planned    148, of which 0 wait", "images trained   1184, each once")
                .contains("lost 0, trained twice 0");
    }

    @Test
    @Order(2)
    void replay_onTheProcessorThatTrainedIt_sameBits() throws IOException {
        assumeTrue(
                processor().equals(PROCESSOR),
                "the run's bits are those of " + PROCESSOR + ", but this is " + processor());
        assertThat(good("replay", "--to-step=12"))
                .contains("12 steps of run old computed again; compared: 12 losses, 2 digests: all equal to the bit");
        assertThat(good("replay", "--from=140"))
                .contains(
                        "8 steps of run old computed again from the checkpoint of step 140; compared: 8 losses, 1 digest: all equal to the bit");
    }

    @Test
    @Order(3)
    void train_goesOn_andTheNewStepsAddUpAndReplay() {
        assertThat(good("train", "--until-step=154"))
                .contains("published encoder 154")
                .doesNotContain("published encoder 0 ", "step 1 ");
        assertThat(good("audit")).contains("images trained   1232, each once", "lost 0, trained twice 0");
        assertThat(good("replay", "--from=148", "--to-step=154"))
                .contains("6 steps of run old computed again", "all equal to the bit");
        assertThat(good("inspect", "keys")).contains("dictionary 64 of 64 keys", "appended   2,464 keys");
    }

    @Test
    @Order(4)
    void evaluate_goesOn_oldScoresAreReadAndTheNewEncoderIsScored() {
        String scores = good("evaluate");
        for (int version : List.of(0, 20, 40, 60, 80, 100, 120, 140, 148, 154)) {
            assertThat(scores).containsPattern("(?m)^ *" + version + " ");
        }
    }

    @Test
    @Order(5)
    void drift_goesOn_withItsReferenceAndCalibration() {
        KafkaSettings kafka = PatientKafka.at(broker.bootstrapServers());
        MillraceConfig config =
                new ConfigLoader().file(FOLDER.resolve("millrace.properties")).load();
        List<DriftEvent> events = new CopyOnWriteArrayList<>();
        List<String> words = new CopyOnWriteArrayList<>();
        try (Services services = new Services()) {
            services.start("reports", new DriftReports(config, kafka, events::add));
            services.start("drift", new DriftService(config, kafka, DriftService.Claim.WAITS, words::add));
            good("push", Commands.SAMPLE, "--limit=64"); // they end the window of those that waited
            await().atMost(PATIENCE).until(() -> {
                services.check();
                return reports(events).findAny().isPresent();
            });
        }
        assertThat(words).anyMatch(line -> line.contains("monitoring images through encoder 20"));
        assertThat(reports(events).map(DriftReport::verdict))
                .as("with a reference of before, no window becomes one")
                .isNotEmpty()
                .doesNotContain(Verdict.REFERENCE);
    }

    private static Stream<DriftReport> reports(List<DriftEvent> events) {
        return events.stream().filter(DriftReport.class::isInstance).map(DriftReport.class::cast);
    }

    private static String good(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter error = new StringWriter();
        String[] line = Stream.concat(
                        Stream.of(arguments),
                        Stream.of(
                                "--config=" + FOLDER.resolve("millrace.properties"),
                                "--bootstrap-server=" + broker.bootstrapServers()))
                .toArray(String[]::new);
        int code = MillraceCommandLine.run(new PrintWriter(out, true), new PrintWriter(error, true), line);
        assertThat(code).as("%s%s", out, error).isZero();
        return out.toString();
    }

    // vendor, family and model
    private static String processor() throws IOException {
        Path facts = Path.of("/proc/cpuinfo");
        if (!Files.exists(facts)) {
            return System.getProperty("os.arch");
        }
        List<String> lines = Files.readAllLines(facts);
        return Stream.of("vendor_id", "cpu family", "model")
                .map(name -> lines.stream()
                        .filter(line -> line.matches(name + "\\s*:.*"))
                        .map(line -> line.substring(line.indexOf(':') + 1).strip())
                        .findFirst()
                        .orElse(""))
                .reduce((a, b) -> a + " " + b)
                .orElseThrow();
    }
}

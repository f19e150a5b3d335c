package org.millrace.evaluator.drift;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Random;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftReport;
import org.millrace.contract.event.DriftReport.Detection;
import org.millrace.contract.event.DriftReport.Verdict;
import org.millrace.contract.event.Json;

class DriftTopologyTest {
    private static final long SEED = 31;
    private static final int DIMENSION = 8;

    private final Random random = new Random(SEED);
    private long rank;

    @TempDir
    private Path data;

    @Test
    void windows_withoutAndWithDrift_tellThemApart() {
        System.out.println("seed " + SEED);
        try (Driver driver = new Driver()) {
            for (int window = 0; window < 40; window++) {
                driver.send(window, 64, 0);
            }
            for (int window = 40; window < 44; window++) {
                driver.send(window, 64, 0.7);
            }
            driver.send(60, 1, 0); // closes them
            List<DriftReport> reports = driver.reports();
            assertThat(reports).hasSize(44);
            assertThat(reports.subList(0, 4)).extracting(DriftReport::verdict).containsOnly(Verdict.REFERENCE);
            assertThat(reports.subList(4, 40)).extracting(DriftReport::verdict).containsOnly(Verdict.STABLE);
            assertThat(reports.subList(40, 44)).extracting(DriftReport::verdict).containsOnly(Verdict.DRIFT);
            DriftReport drifted = reports.get(40);
            assertThat(drifted.images()).isEqualTo(64);
            assertThat(drifted.fromMillis()).isEqualTo(40_000);
            assertThat(drifted.toMillis()).isEqualTo(41_000);
            assertThat(drifted.referenceImages()).isEqualTo(256);
            assertThat(drifted.detectors())
                    .extracting(Detection::name)
                    .containsExactly("frechet", "mmd", "classifier", "components", "cusum");
        }
    }

    @Test
    void windows_lateFewOrEmpty_areTakenLeftOrSaid() {
        System.out.println("seed " + SEED);
        try (Driver driver = new Driver()) {
            driver.send(0, 60, 0);
            driver.send(1, 10, 0);
            driver.send(0, 4, 0); // late, within the grace
            driver.send(5, 20, 0); // windows 2 to 4 are empty; 0 and 1 are closed
            driver.send(0, 50, 0); // too late
            driver.send(9, 1, 0);
            List<DriftReport> reports = driver.reports();
            assertThat(reports).extracting(DriftReport::fromMillis).containsExactly(0L, 1_000L, 5_000L);
            assertThat(reports).extracting(DriftReport::images).containsExactly(64L, 10L, 20L);
            assertThat(reports)
                    .extracting(DriftReport::verdict)
                    .containsExactly(Verdict.REFERENCE, Verdict.NOT_ENOUGH, Verdict.REFERENCE);
        }
    }

    @Test
    void windows_ofAnotherEncoder_beginAReferenceOfTheirOwn() {
        System.out.println("seed " + SEED);
        try (Driver driver = new Driver()) {
            for (int window = 0; window < 5; window++) {
                driver.send(window, 64, 0);
            }
            driver.send(5, 64, 400, 0);
            driver.send(9, 1, 400, 0);
            List<DriftReport> reports = driver.reports();
            assertThat(reports.get(4).verdict()).isEqualTo(Verdict.STABLE);
            assertThat(reports.get(5).verdict()).isEqualTo(Verdict.REFERENCE);
            assertThat(reports.get(5).referenceImages()).isEqualTo(64);
            assertThat(reports.get(5).encoderVersion()).isEqualTo(400);
        }
    }

    private final class Driver implements AutoCloseable {
        private final TopologyTestDriver driver;
        private final TestInputTopic<String, byte[]> input;
        private final TestOutputTopic<String, byte[]> output;

        Driver() {
            MillraceConfig config = new ConfigLoader()
                    .assignments(List.of(
                            "run.data=" + data,
                            "drift.window-millis=1000",
                            "drift.grace-millis=1000",
                            "drift.least-images=16",
                            "drift.window-images=64",
                            "drift.reference-images=256",
                            "drift.expected-run=100"))
                    .load();
            Properties properties = new Properties();
            properties.putAll(DriftTopology.settings(config));
            properties.put("bootstrap.servers", "none:1");
            driver = new TopologyTestDriver(DriftTopology.of(config), properties, Instant.EPOCH);
            input = driver.createInputTopic(
                    "main.statistics",
                    Serdes.String().serializer(),
                    Serdes.ByteArray().serializer());
            output = driver.createOutputTopic(
                    "main.drift",
                    Serdes.String().deserializer(),
                    Serdes.ByteArray().deserializer());
        }

        void send(int window, int images, double mean) {
            send(window, images, 0, mean);
        }

        void send(int window, int images, long encoder, double mean) {
            List<SampledRows.Row> rows = new ArrayList<>();
            for (int i = 0; i < images; i++) {
                float[] features = new float[DIMENSION];
                for (int j = 0; j < DIMENSION; j++) {
                    features[j] = (float) (mean + random.nextGaussian());
                }
                rows.add(new SampledRows.Row(rank++, features));
            }
            input.pipeInput(
                    DriftTopology.ALL,
                    new SampledRows(encoder, images, images, rows).toBytes(),
                    Instant.EPOCH.plus(Duration.ofMillis(window * 1000L + 500)));
        }

        List<DriftReport> reports() {
            return output.readValuesToList().stream()
                    .map(value -> Json.read(value, DriftReport.class))
                    .toList();
        }

        @Override
        public void close() {
            driver.close();
        }
    }
}

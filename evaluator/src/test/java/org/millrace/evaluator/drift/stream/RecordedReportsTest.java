package org.millrace.evaluator.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;

/**
 * Reports and memory of fixed windows as they were before detectors had a package of their own: the same to the bit on machines of that
 * recording (amd64), to 1e-9 elsewhere. A recording that has to change is written to {@code target} by the failing test.
 */
class RecordedReportsTest {
    private static final long SEED = 41;
    private static final int IMAGES = 64;
    private static final int WINDOWS = 14;
    private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?([eE]-?\\d+)?");
    private static final boolean SAME_MACHINES =
            System.getProperty("os.arch", "").equals("amd64");

    @TempDir
    private Path data;

    @Test
    void reports_fixedWindows_areTheRecordedOnes() throws IOException {
        List<String> made = new ArrayList<>();
        try (Driver driver = new Driver()) {
            driver.send(0, WINDOWS);
            made.addAll(driver.events());
            made.addAll(driver.memory());
        }
        assertRecorded("reports.jsonl", made);
    }

    /** As after an update of the program: a calibration that is there is used, and none is made. */
    @Test
    void memory_recordedCalibrations_areReadAndNotMadeAgain() throws IOException {
        List<String> calibrations = recorded("reports.jsonl").stream()
                .filter(line -> line.startsWith("memory calibration"))
                .map(line -> line.replaceAll("\"threshold\":[^,}]+", "\"threshold\":0.015625"))
                .toList();
        assertThat(calibrations).hasSize(2);
        try (Driver driver = new Driver()) {
            driver.send(0, 4); // the reference is not full yet
            calibrations.forEach(driver::remember);
            driver.send(4, WINDOWS);
            assertThat(driver.events())
                    .filteredOn(line -> line.contains("\"frechet\",\"score\""))
                    .hasSizeGreaterThan(30)
                    .allMatch(line -> line.contains("\"threshold\":0.015625"));
            assertThat(driver.memory()).containsAll(calibrations);
        }
    }

    private static void assertRecorded(String name, List<String> made) throws IOException {
        Path written = Path.of("target", "recorded-" + name);
        Files.createDirectories(Objects.requireNonNull(written.getParent()));
        Files.write(written, made);
        List<String> wanted = recorded(name);
        if (SAME_MACHINES) {
            assertThat(made).as("written to %s", written).isEqualTo(wanted);
            return;
        }
        assertThat(made).hasSameSizeAs(wanted);
        for (int i = 0; i < made.size(); i++) {
            assertThat(NUMBER.matcher(made.get(i)).replaceAll("#"))
                    .isEqualTo(NUMBER.matcher(wanted.get(i)).replaceAll("#"));
            Matcher left = NUMBER.matcher(made.get(i));
            Matcher right = NUMBER.matcher(wanted.get(i));
            while (left.find() && right.find()) {
                double value = Double.parseDouble(right.group());
                assertThat(Double.parseDouble(left.group()))
                        .as("%s, line %d", written, i + 1)
                        .isCloseTo(value, within(1e-9 * Math.max(1, Math.abs(value))));
            }
        }
    }

    private static List<String> recorded(String name) throws IOException {
        try (InputStream in = RecordedReportsTest.class.getResourceAsStream("/drift/" + name)) {
            return in == null
                    ? List.of()
                    : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .toList();
        }
    }

    private final class Driver implements AutoCloseable {
        private final Random random = new Random(SEED);
        private final MillraceConfig config = new ConfigLoader()
                .assignments(List.of(
                        "run.data=" + data,
                        "drift.window-millis=1000",
                        "drift.hop-millis=500",
                        "drift.grace-millis=0",
                        "drift.least-images=16",
                        "drift.window-images=64",
                        "drift.reference-images=256",
                        "drift.expected-run=100"))
                .load();
        private final TopologyTestDriver driver;
        private final TestInputTopic<String, byte[]> input;
        private final List<String> events = new ArrayList<>();

        Driver() {
            Properties properties = new Properties();
            properties.putAll(DriftTopology.settings(config));
            properties.put("bootstrap.servers", "none:1");
            driver = new TopologyTestDriver(DriftTopology.of(config), properties, Instant.EPOCH);
            input = driver.createInputTopic(
                    "main.statistics",
                    Serdes.String().serializer(),
                    Serdes.ByteArray().serializer());
        }

        // of all images 8 features, less than a window has images; of a source 96, more than it has
        void send(int from, int to) {
            for (int window = from; window < to; window++) {
                double moved = window < 10 ? 0 : 0.4 * (window - 9);
                send(DriftKeys.ALL, window, 8, moved, window % 3 == 0 ? 0.5 : 0);
                send(DriftKeys.of(Optional.of("gate")), window, 96, moved / 4, 0);
            }
        }

        private void send(String key, int window, int columns, double moved, double underPresent) {
            List<SampledRows.Row> rows = new ArrayList<>();
            for (int i = 0; i < IMAGES; i++) {
                float[] features = new float[columns];
                float[] present = new float[columns];
                for (int j = 0; j < columns; j++) {
                    features[j] = (float) (moved + random.nextGaussian());
                    present[j] = (float) (features[j] + underPresent * j);
                }
                rows.add(new SampledRows.Row(random.nextLong(), features, present));
            }
            input.pipeInput(
                    key,
                    new SampledRows(0, 9, IMAGES, IMAGES, rows).toBytes(),
                    Instant.ofEpochMilli(1_000L * window + 750));
        }

        List<String> events() {
            driver.createOutputTopic(
                            "main.drift",
                            Serdes.String().deserializer(),
                            Serdes.String().deserializer())
                    .readKeyValuesToList()
                    .forEach(event -> events.add("event " + event.key + " " + event.value));
            return List.copyOf(events);
        }

        /** The watches and calibrations; the reference's windows are the input. */
        List<String> memory() {
            List<String> lines = new ArrayList<>();
            KeyValueStore<String, byte[]> store = driver.getKeyValueStore(DriftMemory.STORE);
            try (KeyValueIterator<String, byte[]> entries = store.all()) {
                entries.forEachRemaining(entry -> {
                    if (!entry.key.startsWith("reference")) {
                        lines.add("memory " + entry.key.replace('\0', '/') + " "
                                + new String(entry.value, StandardCharsets.UTF_8));
                    }
                });
            }
            return lines;
        }

        void remember(String line) {
            String[] parts = line.split(" ", 3);
            KeyValueStore<String, byte[]> store = driver.getKeyValueStore(DriftMemory.STORE);
            store.put(parts[1].replace('/', '\0'), parts[2].getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void close() {
            driver.close();
        }
    }
}

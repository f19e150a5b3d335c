package org.millrace.evaluator.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftAlarm.State;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.DriftOrder;
import org.millrace.contract.event.DriftOrder.Kind;
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
        try (Driver driver = new Driver("1000")) {
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
        try (Driver driver = new Driver("1000")) {
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
        try (Driver driver = new Driver("1000")) {
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

    @Test
    void windows_thatOverlap_areEachComparedButTheReferenceTakesNoImageTwice() {
        System.out.println("seed " + SEED);
        try (Driver driver = new Driver("500")) {
            for (int half = 0; half < 20; half++) {
                driver.sendAt(500L * half + 250, 32, 0, 0);
            }
            driver.send(30, 1, 0);
            List<DriftReport> reports = driver.reports();
            assertThat(reports).extracting(DriftReport::fromMillis).containsSubsequence(0L, 500L, 1_000L, 1_500L);
            assertThat(reports.subList(0, 18)).extracting(DriftReport::images).containsOnly(64L);
            assertThat(reports.get(5).referenceImages()).isEqualTo(192); // windows 0, 1000 and 2000
            DriftReport between = reports.get(9);
            assertThat(between.fromMillis()).isEqualTo(4_500);
            assertThat(between.detectors()).extracting(Detection::name).doesNotContain("cusum");
            assertThat(reports.get(8).detectors()).extracting(Detection::name).contains("cusum");
        }
    }

    @Test
    void alarms_areRaisedOnceAcknowledgedClearedAndEndedByANewReference() {
        System.out.println("seed " + SEED);
        try (Driver driver = new Driver("1000")) {
            for (int window = 0; window < 6; window++) {
                driver.send(window, 64, 0);
            }
            driver.send(6, 64, 1);
            driver.send(7, 64, 1);
            driver.send(8, 64, 0); // window 7 is closed by now, 8 is not
            driver.order(Kind.ACKNOWLEDGE, Optional.of("gate"), 7_000);
            driver.send(10, 64, 0);
            assertThat(driver.alarms()).extracting(DriftAlarm::state).containsExactly(State.RAISED);
            driver.order(Kind.ACKNOWLEDGE, Optional.empty(), 10_000);
            driver.order(Kind.ACKNOWLEDGE, Optional.empty(), 10_001); // there is none to acknowledge any more
            driver.send(13, 64, 1);
            driver.send(15, 64, 1);
            List<DriftAlarm> alarms = driver.alarms();
            assertThat(alarms)
                    .extracting(DriftAlarm::state)
                    .containsExactly(State.RAISED, State.ACKNOWLEDGED, State.CLEARED, State.RAISED);
            assertThat(alarms.get(0).windowFromMillis()).isEqualTo(6_000);
            assertThat(alarms.get(0).detectors()).contains("frechet", "mmd");
            assertThat(alarms.get(1).note()).isEqualTo("a person");
            assertThat(alarms.get(1).windowFromMillis()).isEqualTo(6_000);
            driver.order(Kind.REBASE, Optional.empty(), 15_000);
            for (int window = 16; window < 22; window++) {
                driver.send(window, 64, 1);
            }
            driver.send(30, 1, 0);
            assertThat(driver.alarms()).extracting(DriftAlarm::state).last().isEqualTo(State.REBASED);
            List<DriftReport> reports = driver.reports();
            assertThat(reports.get(reports.size() - 1).verdict()).isEqualTo(Verdict.STABLE);
            assertThat(reports.get(reports.size() - 1).fromMillis()).isEqualTo(21_000);
            assertThat(reports.stream().filter(report -> report.fromMillis() == 16_000))
                    .as("a window that may have been open at the order")
                    .allMatch(report -> report.referenceImages() == 0);
        }
    }

    @Test
    void sources_areWatchedByThemselves_oneCameraOfFourChanges() {
        System.out.println("seed " + SEED);
        try (Driver driver = new Driver("1000")) {
            for (int window = 0; window < 10; window++) {
                for (int camera = 0; camera < 4; camera++) {
                    double mean = camera == 2 && window >= 8 ? 0.9 : 0;
                    driver.send(DriftKeys.of(Optional.of("camera " + camera)), window, 64, mean);
                }
            }
            driver.send(20, 1, 0);
            List<DriftReport> late = driver.reports().stream()
                    .filter(report -> report.fromMillis() == 8_000)
                    .toList();
            assertThat(late)
                    .hasSize(4)
                    .allSatisfy(report -> assertThat(report.verdict())
                            .isEqualTo(
                                    report.source().equals(Optional.of("camera 2")) ? Verdict.DRIFT : Verdict.STABLE));
            assertThat(driver.alarms()).extracting(DriftAlarm::source).containsExactly(Optional.of("camera 2"));
        }
    }

    @Test
    void attribution_ofChangedImagesOrEncoderOrBoth_saysWhich() {
        System.out.println("seed " + SEED);
        try (Driver driver = new Driver("1000")) {
            for (int window = 0; window < 4; window++) {
                driver.sendUnder(window, 0, 0);
            }
            driver.sendUnder(4, 0, 0); // nothing
            driver.sendUnder(5, 2, 0); // images
            driver.sendUnder(6, 0, 2); // encoder
            driver.sendUnder(7, 2, 2); // both alike
            driver.send(20, 1, 0);
            List<DriftReport> reports = driver.reports();
            assertThat(reports.get(3).attribution()).isEmpty();
            assertThat(reports.get(4).attribution()).isEmpty();
            assertThat(share(reports.get(5))).isEqualTo(1);
            assertThat(share(reports.get(6))).isLessThan(0.05);
            assertThat(share(reports.get(7))).isCloseTo(0.5, within(0.1));
            assertThat(reports.get(7).attribution().orElseThrow().version()).isEqualTo(9);
        }
    }

    @Test
    void windows_frozenCameraFirst_areUnusableUntilImagesDiffer() {
        System.out.println("seed " + SEED);
        try (Driver driver = new Driver("1000")) {
            for (int window = 0; window < 3; window++) {
                driver.sendSame(window, 64, 1);
            }
            driver.order(Kind.REBASE, Optional.empty(), 3_000); // helps nothing, and hurts nothing
            driver.sendSame(3, 64, 1);
            for (int window = 6; window < 12; window++) {
                driver.send(window, 64, 0);
            }
            driver.sendSame(12, 64, 1);
            driver.send(20, 1, 0);
            List<DriftReport> reports = driver.reports();
            assertThat(verdicts(reports, 0, 1)).containsOnly(Verdict.UNUSABLE);
            assertThat(verdicts(reports, 3, 4)).containsOnly(Verdict.UNUSABLE);
            assertThat(reports.get(0).reason().orElseThrow()).contains("look the same to the encoder");
            assertThat(verdicts(reports, 6, 10)).containsOnly(Verdict.REFERENCE);
            assertThat(verdicts(reports, 10, 12)).containsOnly(Verdict.STABLE);
            assertThat(verdicts(reports, 12, 13)).as("it hangs now").containsOnly(Verdict.DRIFT);
        }
    }

    @Test
    void windows_oneSourceFrozen_othersAreWatched() {
        System.out.println("seed " + SEED);
        String frozen = DriftKeys.of(Optional.of("frozen"));
        try (Driver driver = new Driver("1000")) {
            for (int window = 0; window < 6; window++) {
                driver.pipe(frozen, window * 1000L + 500, driver.same(64, 1));
                driver.send(DriftKeys.of(Optional.of("gate")), window, 64, 0);
            }
            driver.send(20, 1, 0);
            List<DriftReport> reports = driver.reports();
            assertThat(reports.stream().filter(report -> report.source().equals(Optional.of("frozen"))))
                    .hasSize(6)
                    .allMatch(report -> report.verdict() == Verdict.UNUSABLE);
            assertThat(reports.stream().filter(report -> report.source().equals(Optional.of("gate"))))
                    .extracting(DriftReport::verdict)
                    .endsWith(Verdict.STABLE, Verdict.STABLE);
        }
    }

    /** As a folder of before usability was asked about may hold it. */
    @Test
    void windows_fullReferenceOfOneImage_isGivenUpForTheNextWindows() {
        System.out.println("seed " + SEED);
        try (Driver driver = new Driver("1000")) {
            driver.remember(DriftState.fresh(0, 1, 0).withReference(256, 0), driver.same(256, 1));
            for (int window = 1; window < 7; window++) {
                driver.send(window, 64, 0);
            }
            driver.send(20, 1, 0);
            List<DriftReport> reports = driver.reports();
            assertThat(reports.get(0).verdict()).isEqualTo(Verdict.UNUSABLE);
            assertThat(reports.get(0).reason().orElseThrow()).startsWith("the reference of 256 images is given up");
            assertThat(verdicts(reports, 2, 6)).containsOnly(Verdict.REFERENCE);
            assertThat(verdicts(reports, 6, 7)).containsOnly(Verdict.STABLE);
        }
    }

    @Test
    void windows_featuresNotFiniteOrOfAnotherWidth_areUnusable() {
        System.out.println("seed " + SEED);
        try (Driver driver = new Driver("1000")) {
            driver.send(0, 64, 0);
            driver.sendSame(1, 64, Float.NaN);
            driver.sendSame(2, 64, Float.POSITIVE_INFINITY);
            driver.sendSame(3, 64, Float.MAX_VALUE);
            driver.pipe(DriftKeys.ALL, 4_500, driver.rows(0, 64, 0, 2 * DIMENSION));
            driver.send(5, 64, 0);
            driver.send(20, 1, 0);
            List<DriftReport> reports = driver.reports();
            assertThat(reports)
                    .extracting(DriftReport::verdict)
                    .containsExactly(
                            Verdict.REFERENCE,
                            Verdict.UNUSABLE,
                            Verdict.UNUSABLE,
                            Verdict.UNUSABLE,
                            Verdict.UNUSABLE,
                            Verdict.REFERENCE);
            assertThat(reports.get(1).reason().orElseThrow())
                    .isEqualTo("the features of 64 of its 64 images are not finite under encoder 0");
            assertThat(reports.get(4).reason().orElseThrow()).contains("16 features");
        }
    }

    @Test
    void records_thatCannotBeReadOrAreForged_areLeftOut() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random bytes = new Random(seed);
        try (Driver driver = new Driver("1000")) {
            driver.send(0, 64, 0);
            byte[] good = driver.same(64, 1).toBytes();
            for (int i = 0; i < 300; i++) {
                byte[] forged = i % 2 == 0 ? good.clone() : new byte[bytes.nextInt(200)];
                for (int change = bytes.nextInt(4); change >= 0 && forged.length > 0; change--) {
                    forged[bytes.nextInt(Math.min(40, forged.length))] = (byte) bytes.nextInt();
                }
                driver.pipeRaw("source:" + i % 3, 500, forged);
                driver.orderRaw(forged);
            }
            driver.pipeRaw(DriftKeys.ALL, 500, null);
            driver.pipeRaw(null, 500, good);
            driver.pipeRaw("nobody", 500, good);
            driver.pipeRaw(DriftKeys.ALL, Instant.now().toEpochMilli() + 10_000_000, good); // in three hours
            driver.orderRaw("null".getBytes(StandardCharsets.UTF_8));
            driver.orderRaw(null);
            for (int window = 1; window < 6; window++) {
                driver.send(window, 64, 0);
            }
            driver.send(20, 1, 0);
            List<DriftReport> reports = driver.reports().stream()
                    .filter(report -> report.source().isEmpty())
                    .toList();
            assertThat(verdicts(reports, 0, 4)).containsOnly(Verdict.REFERENCE);
            assertThat(verdicts(reports, 4, 6)).containsOnly(Verdict.STABLE);
        }
    }

    private static List<Verdict> verdicts(List<DriftReport> reports, int fromWindow, int toWindow) {
        return reports.stream()
                .filter(report -> report.fromMillis() >= 1_000L * fromWindow && report.fromMillis() < 1_000L * toWindow)
                .map(DriftReport::verdict)
                .toList();
    }

    private static double share(DriftReport report) {
        return report.attribution().orElseThrow().imageShare();
    }

    private final class Driver implements AutoCloseable {
        private final MillraceConfig config;
        private final TopologyTestDriver driver;
        private final TestInputTopic<String, byte[]> input;
        private final TestInputTopic<byte[], byte[]> orders;
        private final TestOutputTopic<String, byte[]> output;
        private final List<DriftReport> reports = new ArrayList<>();
        private final List<DriftAlarm> alarms = new ArrayList<>();

        Driver(String hopMillis) {
            config = new ConfigLoader()
                    .assignments(List.of(
                            "run.data=" + data,
                            "drift.window-millis=1000",
                            "drift.hop-millis=" + hopMillis,
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
            orders = driver.createInputTopic(
                    "main.drift-orders",
                    Serdes.ByteArray().serializer(),
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
            sendAt(window * 1000L + 500, images, encoder, mean);
        }

        void send(String key, int window, int images, double mean) {
            pipe(key, window * 1000L + 500, rows(0, images, mean));
        }

        void sendAt(long millis, int images, long encoder, double mean) {
            pipe(DriftKeys.ALL, millis, rows(encoder, images, mean));
        }

        // 64 images, each feature moved by the images and, under the present encoder, by that much more
        void sendUnder(int window, double ofImages, double ofEncoder) {
            List<SampledRows.Row> rows = new ArrayList<>();
            for (SampledRows.Row row : rows(0, 64, ofImages).rows()) {
                float[] present = row.features().clone();
                for (int j = 0; j < DIMENSION; j++) {
                    present[j] += (float) ofEncoder;
                }
                rows.add(new SampledRows.Row(row.rank(), row.features(), present));
            }
            pipe(DriftKeys.ALL, window * 1000L + 500, new SampledRows(0, 9, 64, 64, rows));
        }

        void order(Kind kind, Optional<String> source, long atMillis) {
            orders.pipeInput(
                    null,
                    Json.write(new DriftOrder(DriftOrder.SCHEMA, kind, source, "a person", atMillis)),
                    Instant.ofEpochMilli(atMillis));
        }

        /** Images of one picture. */
        SampledRows same(int images, float value) {
            List<SampledRows.Row> rows = new ArrayList<>();
            for (int i = 0; i < images; i++) {
                float[] features = new float[DIMENSION];
                Arrays.fill(features, value);
                rows.add(new SampledRows.Row(rank++, features));
            }
            return new SampledRows(0, -1, images, images, rows);
        }

        void sendSame(int window, int images, float value) {
            pipe(DriftKeys.ALL, window * 1000L + 500, same(images, value));
        }

        /** Makes it the watch and the reference of all images. */
        void remember(DriftState watch, SampledRows reference) {
            KeyValueStore<String, byte[]> store = driver.getKeyValueStore(DriftMemory.STORE);
            var memory = new DriftMemory(store, config);
            memory.put(DriftKeys.ALL, watch);
            memory.addToReference(DriftKeys.ALL, 0, reference);
        }

        void pipeRaw(@Nullable String key, long millis, byte @Nullable [] value) {
            input.pipeInput(new TestRecord<>(key, value, Instant.ofEpochMilli(millis)));
        }

        void orderRaw(byte @Nullable [] value) {
            orders.pipeInput(new TestRecord<>(null, value, Instant.EPOCH));
        }

        private SampledRows rows(long encoder, int images, double mean) {
            return rows(encoder, images, mean, DIMENSION);
        }

        SampledRows rows(long encoder, int images, double mean, int columns) {
            List<SampledRows.Row> rows = new ArrayList<>();
            for (int i = 0; i < images; i++) {
                float[] features = new float[columns];
                for (int j = 0; j < columns; j++) {
                    features[j] = (float) (mean + random.nextGaussian());
                }
                rows.add(new SampledRows.Row(rank++, features));
            }
            return new SampledRows(encoder, -1, images, images, rows);
        }

        void pipe(String key, long millis, SampledRows rows) {
            input.pipeInput(key, rows.toBytes(), Instant.ofEpochMilli(millis));
        }

        private void read() {
            for (byte[] value : output.readValuesToList()) {
                DriftEvent event = Json.read(value, DriftEvent.class);
                if (event instanceof DriftReport report) {
                    reports.add(report);
                } else if (event instanceof DriftAlarm alarm) {
                    alarms.add(alarm);
                }
            }
        }

        List<DriftReport> reports() {
            read();
            return List.copyOf(reports);
        }

        List<DriftAlarm> alarms() {
            read();
            return List.copyOf(alarms);
        }

        @Override
        public void close() {
            driver.close();
        }
    }
}

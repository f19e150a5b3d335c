package org.millrace.evaluator.drift;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftReport;
import org.millrace.contract.event.DriftReport.Detection;
import org.millrace.contract.event.DriftReport.Verdict;
import org.millrace.contract.event.Json;
import org.millrace.encoder.matrix.FeatureMatrix;

/**
 * Batches of features into tumbling windows by event time; each closed window into the reference, or against it; reports to {@code
 * <run>.drift}. State (open windows, reference, the sequential detector's sum) lives in stores that survive restarts.
 */
public final class DriftTopology {
    /** The key of all sources together. */
    static final String ALL = "all";

    private static final String WINDOWS = "drift-windows";
    private static final String REFERENCE = "drift-reference";
    private static final String SUM = "drift-sum";
    private static final Serde<byte[]> BYTES = Serdes.ByteArray();

    private DriftTopology() {}

    /** The topology of a run. */
    public static Topology of(MillraceConfig config) {
        RunTopics topics = config.run().topics();
        int capacity = config.drift().windowImages();
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(
                Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(REFERENCE), Serdes.String(), BYTES));
        builder.addStateStore(
                Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(SUM), Serdes.String(), Serdes.Double()));
        builder.stream(
                        topics.statistics(),
                        Consumed.with(Serdes.String(), BYTES).withName("features"))
                .groupByKey(Grouped.with("by-key", Serdes.String(), BYTES))
                .windowedBy(TimeWindows.ofSizeAndGrace(
                        Duration.ofMillis(config.drift().windowMillis()),
                        Duration.ofMillis(config.drift().graceMillis())))
                .aggregate(
                        () -> new byte[0],
                        (key, batch, window) -> merged(window, batch, capacity),
                        Named.as("window"),
                        Materialized.<String, byte[], WindowStore<Bytes, byte[]>>as(WINDOWS)
                                .withKeySerde(Serdes.String())
                                .withValueSerde(BYTES))
                .suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded())
                        .withName("closed"))
                .toStream(Named.as("closed-windows"))
                .process(() -> new Comparison(config), Named.as("compare"), REFERENCE, SUM)
                .to(topics.drift(), Produced.with(Serdes.String(), BYTES).withName("reports"));
        return builder.build();
    }

    // a batch of another encoder than the window's begins the window anew
    private static byte[] merged(byte[] window, byte[] batch, int capacity) {
        SampledRows rows = SampledRows.of(batch);
        SampledRows before =
                window.length == 0 ? SampledRows.none(rows.encoderVersion(), capacity) : SampledRows.of(window);
        return (before.encoderVersion() == rows.encoderVersion()
                        ? before
                        : SampledRows.none(rows.encoderVersion(), capacity))
                .with(rows)
                .toBytes();
    }

    /** One window after the other: into the reference until that is full, then against it. */
    private static final class Comparison implements Processor<Windowed<String>, byte[], String, byte[]> {
        private final MillraceConfig config;
        private @Nullable ProcessorContext<String, byte[]> context;
        private @Nullable ReferenceDetectors detectors; // of the reference in the store, made when it is needed

        Comparison(MillraceConfig config) {
            this.config = config;
        }

        @Override
        public void init(ProcessorContext<String, byte[]> opened) {
            context = opened;
        }

        @Override
        public void process(Record<Windowed<String>, byte[]> record) {
            ProcessorContext<String, byte[]> stores = Objects.requireNonNull(context);
            KeyValueStore<String, byte[]> references = stores.getStateStore(REFERENCE);
            KeyValueStore<String, Double> sums = stores.getStateStore(SUM);
            SampledRows window = SampledRows.of(record.value());
            String key = record.key().key();
            int wanted = config.drift().referenceImages();
            byte[] stored = references.get(key);
            SampledRows reference =
                    stored == null ? SampledRows.none(window.encoderVersion(), wanted) : SampledRows.of(stored);
            if (reference.encoderVersion() != window.encoderVersion()) {
                reference = SampledRows.none(window.encoderVersion(), wanted);
                detectors = null;
                sums.put(key, 0.0);
            }
            Verdict verdict;
            List<Detection> detections = List.of();
            if (window.seen() < config.drift().leastImages()) {
                verdict = Verdict.NOT_ENOUGH;
            } else if (reference.rows().size() < wanted) {
                reference = reference.with(window);
                references.put(key, reference.toBytes());
                verdict = Verdict.REFERENCE;
            } else {
                detections =
                        detect(reference, window.matrix(), record.key().window().start(), key, sums);
                verdict = detections.stream().anyMatch(Detection::alarm) ? Verdict.DRIFT : Verdict.STABLE;
            }
            var report = new DriftReport(
                    DriftReport.SCHEMA,
                    config.run().name(),
                    window.encoderVersion(),
                    record.key().window().start(),
                    record.key().window().end(),
                    window.seen(),
                    reference.rows().size(),
                    verdict,
                    detections);
            stores.forward(new Record<>(key, Json.write(report), record.timestamp()));
        }

        private List<Detection> detect(
                SampledRows reference,
                FeatureMatrix window,
                long step,
                String key,
                KeyValueStore<String, Double> sums) {
            ReferenceDetectors tests = detectors;
            if (tests == null) {
                tests = new ReferenceDetectors(
                        reference.matrix(),
                        config.drift().expectedRun(),
                        config.run().seed());
                detectors = tests;
            }
            Double before = sums.get(key);
            List<Detection> detections = tests.test(window, step, before == null ? 0 : before);
            sums.put(key, detections.get(detections.size() - 1).score());
            return detections;
        }
    }

    /** What Kafka Streams needs, under what the user says. */
    public static Map<String, Object> settings(MillraceConfig config) {
        return Map.of(
                // images may be older than a day when they are seen
                "windowstore.changelog.additional.retention.ms",
                Duration.ofDays(3650).toMillis(),
                // started again after a kill, it waits until its former self is given up: the least that a broker
                // allows
                "session.timeout.ms",
                6_000,
                "heartbeat.interval.ms",
                2_000,
                "application.id",
                "millrace-drift-" + config.run().name(),
                "processing.guarantee",
                "exactly_once_v2",
                "state.dir",
                config.run().folder().resolve("drift").toString(),
                "num.stream.threads",
                1,
                "statestore.cache.max.bytes",
                0,
                "commit.interval.ms",
                200);
    }
}

package org.millrace.evaluator.drift.stream;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyDescription;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.TopicSetup;

/**
 * Batches of features into windows by event time; each closed window into the reference, or compared with it; the operator's orders;
 * reports and alarms to {@code <run>.drift}. State (open windows and {@link DriftMemory}) lives in stores that survive restarts.
 */
public final class DriftTopology {
    private static final String WINDOWS = "drift-windows";
    private static final Serde<byte[]> BYTES = Serdes.ByteArray();

    private DriftTopology() {}

    /** The topology of a run. */
    public static Topology of(MillraceConfig config) {
        RunTopics topics = config.run().topics();
        int capacity = config.drift().windowImages();
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(
                Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(DriftMemory.STORE), Serdes.String(), BYTES));
        builder.stream(
                        topics.statistics(),
                        Consumed.with(Serdes.String(), BYTES)
                                .withTimestampExtractor(new RecordTime(Clock.systemUTC()))
                                .withName("features"))
                .processValues(ReadableFeatures::new, Named.as("readable"))
                .groupByKey(Grouped.with("by-key", Serdes.String(), BYTES))
                .windowedBy(TimeWindows.ofSizeAndGrace(
                                Duration.ofMillis(config.drift().windowMillis()),
                                Duration.ofMillis(config.drift().graceMillis()))
                        .advanceBy(Duration.ofMillis(config.drift().effectiveHopMillis())))
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
                .process(() -> new WindowComparison(config), Named.as("compare"), DriftMemory.STORE)
                .to(topics.drift(), Produced.with(Serdes.String(), BYTES).withName("reports"));
        builder.stream(
                        topics.driftOrders(),
                        Consumed.with(BYTES, BYTES)
                                .withTimestampExtractor(new RecordTime(Clock.systemUTC()))
                                .withName("orders"))
                .process(() -> new Orders(config), Named.as("obey"), DriftMemory.STORE)
                .to(topics.drift(), Produced.with(Serdes.String(), BYTES).withName("alarms"));
        return builder.build();
    }

    // a batch of another encoder, or of another width, begins the window again
    private static byte[] merged(byte[] window, byte[] batch, int capacity) {
        SampledRows rows = SampledRows.of(batch);
        SampledRows before =
                window.length == 0 ? SampledRows.none(rows.encoderVersion(), capacity) : SampledRows.of(window);
        return (before.mixesWith(rows) ? before : SampledRows.none(rows.encoderVersion(), capacity))
                .with(rows)
                .toBytes();
    }

    /** The topology's consumer group: of a run, one process at a time is in it. */
    public static String group(MillraceConfig config) {
        return group(config.run().topics());
    }

    /** The same, of a run by its name. */
    public static String group(RunTopics run) {
        return "millrace-drift-" + run.run();
    }

    /** What the topology keeps on the broker beside the run's topics: its stores' changelogs and its repartition topics, by name. */
    public static List<String> internalTopics(MillraceConfig config, RunTopics run) {
        Set<String> names = new TreeSet<>();
        for (TopologyDescription.Subtopology part : of(config).describe().subtopologies()) {
            for (TopologyDescription.Node node : part.nodes()) {
                if (node instanceof TopologyDescription.Processor processor) {
                    processor.stores().forEach(store -> names.add(group(run) + "-" + store + "-changelog"));
                } else if (node instanceof TopologyDescription.Source source) {
                    source.topicSet().stream()
                            .filter(topic -> topic.endsWith("-repartition"))
                            .forEach(topic -> names.add(group(run) + "-" + topic));
                }
            }
        }
        return List.copyOf(names);
    }

    /** Settings of Kafka Streams; the user's own come before them. */
    public static Map<String, Object> settings(MillraceConfig config) {
        return Map.ofEntries(
                // images may be older than a day when they arrive
                Map.entry(
                        "windowstore.changelog.additional.retention.ms",
                        Duration.ofDays(3650).toMillis()),
                // a window of wide features is more than a client's megabyte
                Map.entry("producer.max.request.size", TopicSetup.FEATURE_RECORD_BYTES),
                Map.entry("topic.max.message.bytes", TopicSetup.FEATURE_RECORD_BYTES),
                // calibrating a reference of wide features takes minutes, in one transaction
                Map.entry("max.poll.interval.ms", 1_800_000),
                Map.entry("producer.transaction.timeout.ms", 600_000),
                // after a kill it takes its place in the group at once, here or on another machine
                Map.entry("main.consumer.group.instance.id", group(config)),
                Map.entry("session.timeout.ms", 6_000), // the least that a broker allows
                Map.entry("heartbeat.interval.ms", 2_000),
                Map.entry("application.id", group(config)),
                Map.entry("processing.guarantee", "exactly_once_v2"),
                Map.entry("processing.exception.handler", SkippedRecords.class.getName()),
                Map.entry("state.dir", config.run().folder().resolve("drift").toString()),
                Map.entry("num.stream.threads", 1),
                Map.entry("statestore.cache.max.bytes", 0),
                Map.entry("commit.interval.ms", 200));
    }
}

package org.millrace.evaluator.drift.stream;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.registry.EncoderWatch;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.evaluator.Embedder;
import org.millrace.evaluator.EmbedderFactory;

/**
 * Embeds the incoming images with the frozen encoder and sends their features, batch by batch, to {@code <run>.statistics}: each image
 * once, since features and the consumer group's offsets are committed in one transaction. Used and closed by the thread that made it;
 * {@link #stop} may be called on any.
 */
public final class DriftWorker implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration CLOSING = Duration.ofSeconds(2);

    private final MillraceConfig config;
    private final Consumer<byte[], byte[]> consumer;
    private final Producer<byte[], byte[]> producer;
    private final EmbedderFactory embedders;
    private final Embedder embedder;
    private final Clock clock;
    private final EncoderWatch encoders;
    private final long version;
    private final KeptRanks kept;
    private final Set<String> sources;
    private final Optional<PresentEncoder> present;
    private volatile boolean stopped;

    /** Goes on at the offsets of the group {@code millrace-features-<run>}; the run must have published an encoder. */
    public DriftWorker(MillraceConfig config, KafkaSettings kafka, EmbedderFactory embedders, Clock clock) {
        this.config = config;
        this.clock = clock;
        this.embedders = embedders;
        PublishedEncoder encoder = PinnedEncoder.of(config, kafka);
        this.version = encoder.manifest().version();
        this.embedder = embedders.load(encoder.manifest(), encoder.safetensors());
        this.kept = new KeptRanks(config.drift().windowImages());
        this.sources = Set.copyOf(config.drift().watchedSources());
        this.encoders = EncoderWatch.watch(kafka, config.run().topics());
        this.present =
                config.drift().attribution() ? Optional.of(new PresentEncoder(encoders, embedders)) : Optional.empty();
        String group = group(config.run().topics());
        this.consumer = new KafkaConsumer<>(kafka.consumer(Map.of(
                "group.id",
                group,
                "auto.offset.reset",
                "earliest",
                "max.poll.records",
                config.evaluator().batchSize(),
                "max.partition.fetch.bytes",
                config.images().maxRecordBytes())));
        this.producer = new KafkaProducer<>(
                kafka.producer(Map.of("transactional.id", group, "max.request.size", TopicSetup.FEATURE_RECORD_BYTES)));
        producer.initTransactions();
        assign();
    }

    /** Its group, of which it commits offsets without being a member, and its transactional id; the topology has a group of its own. */
    public static String group(RunTopics run) {
        return "millrace-features-" + run.run();
    }

    // every partition, without joining the group: a restarted worker need not wait for the former one's session to
    // expire
    private void assign() {
        List<TopicPartition> partitions =
                TopicReader.partitions(consumer, config.images().topic());
        consumer.assign(partitions);
        Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(Set.copyOf(partitions));
        for (TopicPartition partition : partitions) {
            OffsetAndMetadata offset = committed.get(partition);
            if (offset == null) {
                consumer.seekToBeginning(List.of(partition));
            } else {
                consumer.seek(partition, offset);
            }
        }
    }

    /** Whether the run's folder holds a frozen encoder that drift detection can go on with. */
    public static boolean hasPinnedEncoder(MillraceConfig config, KafkaSettings kafka) {
        return PinnedEncoder.isThere(config, kafka);
    }

    /** The version of the frozen encoder. */
    public long encoderVersion() {
        return version;
    }

    /** Whether the operator has revoked the frozen encoder since; asks no broker. */
    public boolean isRevoked() {
        return encoders.isRevoked(version);
    }

    /** Works until {@link #stop}, or until the frozen encoder is revoked. */
    public void run() {
        while (!stopped && !isRevoked()) {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
            if (!records.isEmpty()) {
                send(records);
            }
        }
    }

    /** Makes {@link #run} return soon. */
    public void stop() {
        stopped = true;
    }

    @Override
    public void close() {
        embedder.close();
        present.ifPresent(PresentEncoder::close);
        encoders.close();
        producer.close(CLOSING);
        consumer.close(CloseOptions.timeout(CLOSING));
    }

    /** Images of one key between two beginnings of windows. */
    private record Span(String key, long number) {}

    private static final class Batch {
        private final List<ConsumerRecord<byte[], byte[]>> kept = new ArrayList<>();
        private long seen;
        private long newestMillis;
    }

    private void send(ConsumerRecords<byte[], byte[]> records) {
        Map<Span, Batch> batches = new LinkedHashMap<>();
        Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
        Set<ConsumerRecord<byte[], byte[]>> needed = new LinkedHashSet<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            next.put(
                    new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
            if (record.value() == null || !isSampled(record)) {
                continue;
            }
            for (String key : keys(record)) {
                Span span = new Span(key, time(record) / config.drift().effectiveHopMillis());
                Batch batch = batches.computeIfAbsent(span, unused -> new Batch());
                batch.seen++;
                batch.newestMillis = Math.max(batch.newestMillis, time(record));
                if (kept.take(key, span.number(), rank(record))) {
                    batch.kept.add(record);
                    needed.add(record);
                }
            }
        }
        Embedded embedded = embed(needed);
        producer.beginTransaction();
        batches.forEach((span, batch) -> send(span.key(), batch, embedded));
        producer.sendOffsetsToTransaction(next, consumer.groupMetadata());
        producer.commitTransaction();
    }

    private List<String> keys(ConsumerRecord<byte[], byte[]> record) {
        Optional<String> source =
                ImageHeaders.text(record.headers(), ImageHeaders.SOURCE).filter(sources::contains);
        return source.isEmpty() ? List.of(DriftKeys.ALL) : List.of(DriftKeys.ALL, DriftKeys.of(source));
    }

    /** @param presentVersion of the second encoder, besides the frozen one, or −1 */
    private record Embedded(long presentVersion, Map<ConsumerRecord<byte[], byte[]>, SampledRows.Row> rows) {}

    /** Features of those that can be decoded. */
    private Embedded embed(Set<ConsumerRecord<byte[], byte[]>> needed) {
        List<ConsumerRecord<byte[], byte[]>> images = needed.stream()
                .filter(record -> embedders.decodes(record.value()))
                .toList();
        if (images.isEmpty()) {
            return new Embedded(-1, Map.of());
        }
        List<byte[]> files = images.stream().map(ConsumerRecord::value).toList();
        float[] frozen = embedder.embed(files);
        Optional<PresentEncoder.Loaded> loaded = present.flatMap(PresentEncoder::newest);
        float[] now = loaded.map(encoder -> encoder.version() == version
                        ? frozen
                        : encoder.embedder().embed(files))
                .orElse(new float[0]);
        Map<ConsumerRecord<byte[], byte[]>, SampledRows.Row> rows = new HashMap<>();
        for (int i = 0; i < images.size(); i++) {
            rows.put(
                    images.get(i),
                    new SampledRows.Row(
                            rank(images.get(i)), row(frozen, i, images.size()), row(now, i, images.size())));
        }
        return new Embedded(loaded.map(PresentEncoder.Loaded::version).orElse(-1L), rows);
    }

    private static float[] row(float[] features, int row, int rows) {
        int columns = features.length / rows;
        return Arrays.copyOfRange(features, row * columns, (row + 1) * columns);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the transaction fails with it
    private void send(String key, Batch batch, Embedded embedded) {
        List<SampledRows.Row> rows = batch.kept.stream()
                .filter(embedded.rows()::containsKey)
                .map(embedded.rows()::get)
                .toList();
        byte[] value = new SampledRows(version, embedded.presentVersion(), rows.size(), batch.seen, rows).toBytes();
        producer.send(new ProducerRecord<>(
                config.run().topics().statistics(),
                0,
                batch.newestMillis,
                key.getBytes(StandardCharsets.UTF_8),
                value));
    }

    // a fast clock must not close windows early
    private long time(ConsumerRecord<byte[], byte[]> record) {
        return Math.min(record.timestamp(), clock.millis());
    }

    private boolean isSampled(ConsumerRecord<byte[], byte[]> record) {
        return config.drift().sampleShare() == 1
                || random(record, 0).nextDouble() < config.drift().sampleShare();
    }

    private long rank(ConsumerRecord<byte[], byte[]> record) {
        return random(record, 1).nextLong();
    }

    // keyed by the image's place, so that a restart draws the same
    private CounterRandom random(ConsumerRecord<byte[], byte[]> record, int use) {
        return CounterRandom.of(config.run().seed(), record.offset(), Purpose.PROBE, 2 * record.partition() + use);
    }
}

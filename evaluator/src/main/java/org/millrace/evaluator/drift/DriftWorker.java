package org.millrace.evaluator.drift;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
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
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.evaluator.Embedder;
import org.millrace.evaluator.EmbedderFactory;
import org.millrace.evaluator.PublishedEncoder;

/**
 * Sees the incoming images through the frozen encoder and sends their features, batch by batch, to {@code <run>.statistics}: each image
 * once, since features and the consumer group's offsets are committed in one transaction. Used by the thread that made it, which closes
 * it; {@link #stop} on any.
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
    private final long version;
    private volatile boolean stopped;

    /** Goes on at the offsets of the group {@code millrace-features-<run>}; the run must have published an encoder. */
    public DriftWorker(MillraceConfig config, KafkaSettings kafka, EmbedderFactory embedders, Clock clock) {
        this.config = config;
        this.clock = clock;
        this.embedders = embedders;
        PublishedEncoder encoder = PinnedEncoder.of(config, kafka);
        this.version = encoder.manifest().version();
        this.embedder = embedders.load(encoder.manifest(), encoder.safetensors());
        String group = "millrace-features-" + config.run().name(); // the topology has a group of its own
        this.consumer = new KafkaConsumer<>(kafka.consumer(Map.of(
                "group.id",
                group,
                "auto.offset.reset",
                "earliest",
                "max.poll.records",
                config.evaluator().batchSize(),
                "max.partition.fetch.bytes",
                config.images().maxBytes() + 65_536)));
        this.producer =
                new KafkaProducer<>(kafka.producer(Map.of("transactional.id", group, "max.request.size", 16 << 20)));
        producer.initTransactions();
        assign();
    }

    // every partition, without joining the group: a worker that is started again need not wait until the former one is
    // given up
    private void assign() {
        List<TopicPartition> partitions = consumer.partitionsFor(config.images().topic()).stream()
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList();
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

    /** The version of the frozen encoder. */
    public long encoderVersion() {
        return version;
    }

    /** Works until {@link #stop}. */
    public void run() {
        while (!stopped) {
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
        producer.close(CLOSING);
        consumer.close(CloseOptions.timeout(CLOSING));
    }

    private void send(ConsumerRecords<byte[], byte[]> records) {
        Map<Long, List<ConsumerRecord<byte[], byte[]>>> windows = new TreeMap<>();
        Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            next.put(
                    new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
            if (isSampled(record) && record.value() != null && embedders.decodes(record.value())) {
                windows.computeIfAbsent(time(record) / config.drift().windowMillis(), window -> new ArrayList<>())
                        .add(record);
            }
        }
        producer.beginTransaction();
        windows.values().forEach(this::send);
        producer.sendOffsetsToTransaction(next, consumer.groupMetadata());
        producer.commitTransaction();
    }

    // images of one window
    @SuppressWarnings("FutureReturnValueIgnored") // the transaction fails with it
    private void send(List<ConsumerRecord<byte[], byte[]>> images) {
        float[] features =
                embedder.embed(images.stream().map(ConsumerRecord::value).toList());
        int dimension = embedder.dimension();
        List<SampledRows.Row> rows = new ArrayList<>(images.size());
        long newest = 0;
        for (int i = 0; i < images.size(); i++) {
            float[] row = new float[dimension];
            System.arraycopy(features, i * dimension, row, 0, dimension);
            rows.add(new SampledRows.Row(random(images.get(i), 1).nextLong(), row));
            newest = Math.max(newest, time(images.get(i)));
        }
        byte[] batch = new SampledRows(version, rows.size(), rows.size(), rows).toBytes();
        producer.send(new ProducerRecord<>(
                config.run().topics().statistics(),
                0,
                newest,
                DriftTopology.ALL.getBytes(StandardCharsets.UTF_8),
                batch));
    }

    // a clock that is fast must not close windows early
    private long time(ConsumerRecord<byte[], byte[]> record) {
        return Math.min(record.timestamp(), clock.millis());
    }

    private boolean isSampled(ConsumerRecord<byte[], byte[]> record) {
        return config.drift().sampleShare() == 1
                || random(record, 0).nextDouble() < config.drift().sampleShare();
    }

    // of the image's place, so that a restart draws the same
    private CounterRandom random(ConsumerRecord<byte[], byte[]> record, int use) {
        return CounterRandom.of(config.run().seed(), record.offset(), Purpose.PROBE, 2 * record.partition() + use);
    }
}

package org.millrace.app.embed;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.evaluator.EmbedderFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker that embeds every image of the stream once: poll → embed → send with the offsets, in one transaction. Workers of a run with the
 * same policy are one consumer group and share the partitions. Between batches it embeds older images again where a backfill is wanted and
 * the encoder has changed. Used and closed by the thread that made it; {@link #stop} may be called on any.
 */
public final class StreamEmbedding implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(StreamEmbedding.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration SHORT_POLL = Duration.ofMillis(10);
    private static final Duration CLOSING = Duration.ofSeconds(5);
    private static final int SESSION_MILLIS = 10_000;
    private static final int FETCH_BYTES = 16 << 20;
    private static final int LONGEST_BATCH_MILLIS = 600_000;

    private final String topic;
    private final Listener listener;
    private final StreamFaults faults;
    private final PolicyEncoder encoders;
    private final EmbeddingRecords records;
    private final StreamImages images;
    private final BackfillDepth depth;
    private final Consumer<byte[], byte[]> consumer;
    private final PastImages past;
    private final StreamTransactions transactions;
    private final WorkerPartitions partitions = new WorkerPartitions();
    private volatile boolean stopped;

    /** What a worker is to do. */
    public record Task(StreamPolicy policy, BackfillDepth backfill, EmbeddingValue value) {}

    /** Receives progress, on the worker's thread. */
    public interface Listener {
        /** The worker's partitions have changed. */
        void assigned(Set<Integer> partitions);

        /** Images from now on are embedded by that version, in that version's space. */
        void encoder(long version, long space);

        /** An image has been left out: it cannot be decoded. */
        void leftOut(String position, String reason);

        /** After every batch. */
        void embedded(int images);

        /** A batch of a backfill is done; how many offsets of this worker's partitions are left. */
        void backfilled(int images, long left);
    }

    /** Loads the encoder and opens the clients; joins the group with {@link #run}. The topic of embeddings must exist. */
    public StreamEmbedding(
            MillraceConfig config, KafkaSettings kafka, Task task, EmbedderFactory embedders, Listener listener) {
        this(config, kafka, task, embedders, listener, StreamFaults.NONE);
    }

    StreamEmbedding(
            MillraceConfig config,
            KafkaSettings kafka,
            Task task,
            EmbedderFactory embedders,
            Listener listener,
            StreamFaults faults) {
        this.topic = config.images().topic();
        this.listener = listener;
        this.faults = faults;
        this.depth = task.backfill();
        this.records = new EmbeddingRecords(config.run().topics().embeddings(), task.policy(), task.value());
        this.images = new StreamImages(config, listener);
        String group = task.policy().group(config.run().name());
        this.encoders = new PolicyEncoder(kafka, config.run().topics(), task.policy(), embedders);
        Map<String, Object> reading = Map.of(
                "allow.auto.create.topics",
                "false",
                "max.poll.records",
                config.evaluator().batchSize(),
                "fetch.max.bytes",
                FETCH_BYTES,
                "max.partition.fetch.bytes",
                config.images().maxRecordBytes());
        Map<String, Object> member = new HashMap<>(reading);
        member.put("group.id", group);
        member.put("auto.offset.reset", "earliest");
        member.put("session.timeout.ms", SESSION_MILLIS);
        member.put("heartbeat.interval.ms", SESSION_MILLIS / 4);
        member.put("max.poll.interval.ms", LONGEST_BATCH_MILLIS);
        this.consumer = new KafkaConsumer<>(kafka.consumer(member));
        this.past = new PastImages(kafka, reading);
        this.transactions = new StreamTransactions(kafka, group, faults);
    }

    /** Works until {@link #stop}. */
    public void run() {
        consumer.subscribe(List.of(topic), new Rebalance());
        PolicyEncoder.Loaded encoder = encoders.now();
        listener.encoder(encoder.version(), encoder.space());
        while (!stopped) {
            PolicyEncoder.Loaded now = encoders.now();
            if (now.version() != encoder.version()) {
                listener.encoder(now.version(), now.space());
            }
            encoder = now;
            ConsumerRecords<byte[], byte[]> live =
                    consumer.poll(partitions.backfilling().isPresent() ? SHORT_POLL : POLL);
            partitions.takenOverBy(encoder.version(), this::wanted);
            if (!live.isEmpty()) {
                embed(live, encoder);
            }
            partitions.backfilling().ifPresent(partition -> backfill(partition, now));
        }
    }

    /** Makes {@link #run} return after the batch under way. */
    public void stop() {
        stopped = true;
    }

    @Override
    public void close() {
        encoders.close();
        transactions.close();
        past.close(CLOSING);
        consumer.close(CloseOptions.timeout(CLOSING));
    }

    /** Ends as a killed process does: nothing is committed or aborted, and the group is not left. */
    void abandon() {
        encoders.close();
        transactions.abandon();
        past.close(Duration.ZERO);
        consumer.close(CloseOptions.timeout(Duration.ZERO)
                .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.REMAIN_IN_GROUP));
    }

    /** How much of a partition is embedded again. */
    private Optional<PartitionState.Depth> wanted(TopicPartition partition) {
        if (depth.images() == 0) {
            return Optional.empty();
        }
        int count = consumer.partitionsFor(topic).size();
        long beginning = beginning(partition);
        return Optional.of(end -> Math.max(beginning, depth.from(end, count)));
    }

    private long beginning(TopicPartition partition) {
        return consumer.beginningOffsets(List.of(partition)).getOrDefault(partition, 0L);
    }

    private void embed(ConsumerRecords<byte[], byte[]> polled, PolicyEncoder.Loaded encoder) {
        faults.at(StreamFaults.Point.POLLED);
        List<ConsumerRecord<byte[], byte[]>> batch = new ArrayList<>();
        polled.forEach(batch::add);
        List<ProducerRecord<byte[], byte[]>> sent = embedded(batch, encoder, false);
        Map<TopicPartition, Long> ends = new HashMap<>();
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        for (TopicPartition partition : polled.partitions()) {
            PartitionState state = partitions.state(partition);
            ends.put(partition, consumer.position(partition));
            offsets.put(partition, new OffsetAndMetadata(consumer.position(partition), state.text()));
        }
        if (commit(sent, offsets)) {
            partitions.embeddedTo(ends);
            listener.embedded(sent.size());
        }
    }

    private List<ProducerRecord<byte[], byte[]>> embedded(
            List<ConsumerRecord<byte[], byte[]>> batch, PolicyEncoder.Loaded encoder, boolean again) {
        List<ProducerRecord<byte[], byte[]>> sent = new ArrayList<>();
        images.embed(batch, encoder.embedder())
                .forEach(row -> sent.add(records.of(row.image(), encoder, row.features(), again)));
        faults.at(StreamFaults.Point.EMBEDDED);
        return sent;
    }

    private void backfill(TopicPartition partition, PolicyEncoder.Loaded encoder) {
        PartitionState state = partitions.state(partition);
        if (state.backfill().isEmpty()) {
            return; // the partition has gone to another worker
        }
        PartitionState.Backfill wanted = state.backfill().get();
        PastImages.Batch batch = past.next(partition, wanted);
        if (batch.next() == wanted.next()) {
            return;
        }
        List<ProducerRecord<byte[], byte[]>> sent = embedded(batch.images(), encoder, true);
        PartitionState moved = state.backfilledTo(batch.next());
        if (commit(sent, Map.of(partition, new OffsetAndMetadata(partitions.embedded(partition), moved.text())))) {
            partitions.backfilled(partition, moved);
            listener.backfilled(sent.size(), partitions.left());
        }
    }

    /** Whether all of it stands; if not, none of it does, and the worker is back at what stands. */
    private boolean commit(List<ProducerRecord<byte[], byte[]>> sent, Map<TopicPartition, OffsetAndMetadata> offsets) {
        boolean stands = transactions.commit(sent, offsets, consumer.groupMetadata());
        if (!stands) {
            rewind(consumer.assignment());
        }
        return stands;
    }

    /** Goes to what is committed of these partitions. */
    private void rewind(Collection<TopicPartition> rewound) {
        Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(new HashSet<>(rewound));
        for (TopicPartition partition : rewound) {
            OffsetAndMetadata known = committed.get(partition);
            long beginning = beginning(partition);
            if (known != null && known.offset() < beginning) {
                log.warn(
                        "offsets {} to {} of {} were deleted before they were embedded",
                        known.offset(),
                        beginning - 1,
                        partition);
            }
            long start = known == null ? beginning : Math.max(known.offset(), beginning);
            consumer.seek(partition, start);
            partitions.put(partition, start, known == null ? PartitionState.NEW : PartitionState.of(known.metadata()));
        }
    }

    /** Takes up what the group knows of partitions that come, and forgets those that go: between batches nothing is under way. */
    private final class Rebalance implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> gone) {
            partitions.remove(gone);
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> come) {
            rewind(come);
            listener.assigned(partitions.numbers());
        }
    }
}

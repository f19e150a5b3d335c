package org.millrace.trainer.journal;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.kafka.KafkaSettings;

/** The ends of topics as readers of committed records see them: a broker moves them after it has answered a commit, not before. */
final class ReadableEnds {
    private static final long PAUSE_NANOS = 10_000_000;
    private static final int PATIENCE_MILLIS = 2_000;

    private final KafkaSettings kafka;
    private final Set<TopicPartition> partitions;

    ReadableEnds(KafkaSettings kafka, List<String> topics) {
        this.kafka = kafka;
        this.partitions =
                topics.stream().map(topic -> new TopicPartition(topic, 0)).collect(Collectors.toSet());
    }

    /** Waits until no transaction on the topics is open, or until {@code enough}. */
    void await(BooleanSupplier enough) {
        try (Admin admin = Admin.create(kafka.admin())) {
            Set<TopicPartition> behind = new HashSet<>(partitions);
            while (!behind.isEmpty() && !enough.getAsBoolean()) {
                behind = behind(admin);
                if (!behind.isEmpty()) {
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Set<TopicPartition> behind(Admin admin) throws InterruptedException {
        try {
            Map<TopicPartition, Long> all = ends(admin, IsolationLevel.READ_UNCOMMITTED);
            Map<TopicPartition, Long> committed = ends(admin, IsolationLevel.READ_COMMITTED);
            return partitions.stream()
                    .filter(partition -> committed.getOrDefault(partition, 0L) < all.getOrDefault(partition, 0L))
                    .collect(Collectors.toSet());
        } catch (ExecutionException e) { // the broker does not answer at the moment
            return partitions;
        }
    }

    private Map<TopicPartition, Long> ends(Admin admin, IsolationLevel level)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, OffsetSpec> latest =
                partitions.stream().collect(Collectors.toMap(partition -> partition, partition -> OffsetSpec.latest()));
        return admin
                .listOffsets(latest, new ListOffsetsOptions(level).timeoutMs(PATIENCE_MILLIS))
                .all()
                .get()
                .entrySet()
                .stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, end -> end.getValue().offset()));
    }
}

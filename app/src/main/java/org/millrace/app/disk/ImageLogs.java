package org.millrace.app.disk;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.millrace.contract.UserException;
import org.millrace.contract.kafka.BrokerWords;
import org.millrace.contract.kafka.KafkaSettings;

/** The logs of image topics on one broker: what they hold, who reads them, and giving up their oldest records. The owner closes it. */
final class ImageLogs implements AutoCloseable {
    private final Admin admin;

    /**
     * A partition's log.
     *
     * @param from its first offset
     * @param to behind its last
     */
    record Held(long from, long to) {}

    ImageLogs(KafkaSettings kafka) {
        this.admin = Admin.create(kafka.admin());
    }

    Set<String> topics() {
        return await(admin.listTopics().names());
    }

    /** Every partition of these topics. */
    Map<TopicPartition, Held> held(Collection<String> topics) {
        List<TopicPartition> partitions = await(admin.describeTopics(topics).allTopicNames()).values().stream()
                .flatMap(topic -> topic.partitions().stream()
                        .map(partition -> new TopicPartition(topic.name(), partition.partition())))
                .toList();
        Map<TopicPartition, ListOffsetsResultInfo> first = offsets(partitions, OffsetSpec.earliest());
        Map<TopicPartition, ListOffsetsResultInfo> last = offsets(partitions, OffsetSpec.latest());
        Map<TopicPartition, Held> held = new HashMap<>();
        for (TopicPartition partition : partitions) {
            ListOffsetsResultInfo from = first.get(partition);
            ListOffsetsResultInfo to = last.get(partition);
            if (from != null && to != null) {
                held.put(partition, new Held(from.offset(), to.offset()));
            }
        }
        return held;
    }

    private Map<TopicPartition, ListOffsetsResultInfo> offsets(List<TopicPartition> partitions, OffsetSpec which) {
        return await(admin.listOffsets(
                        partitions.stream().collect(Collectors.toMap(partition -> partition, partition -> which)))
                .all());
    }

    /** What each consumer group has read of each partition. */
    Map<String, Map<TopicPartition, OffsetAndMetadata>> committed() {
        Map<String, ListConsumerGroupOffsetsSpec> groups = await(
                        admin.listGroups().all())
                .stream()
                .map(GroupListing::groupId)
                .collect(Collectors.toMap(group -> group, group -> new ListConsumerGroupOffsetsSpec()));
        Map<String, Map<TopicPartition, OffsetAndMetadata>> committed = new TreeMap<>();
        if (!groups.isEmpty()) {
            committed.putAll(await(admin.listConsumerGroupOffsets(groups).all()));
        }
        return committed;
    }

    /** Gives up a partition's records before an offset. The broker frees their files a little later, whole segments at a time. */
    void deleteBefore(TopicPartition partition, long offset) {
        await(admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(offset)))
                .all());
    }

    @Override
    public void close() {
        admin.close(Duration.ofSeconds(1));
    }

    private static <T> T await(KafkaFuture<T> answer) {
        try {
            return answer.get();
        } catch (ExecutionException e) {
            throw new UserException(
                    "the embedded broker cannot be kept within disk.broker-mib: " + BrokerWords.of(e), e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }
}

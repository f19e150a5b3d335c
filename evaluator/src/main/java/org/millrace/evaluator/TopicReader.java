package org.millrace.evaluator;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.IntFunction;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/** One topic read to its present end, once. */
final class TopicReader {
    private static final Duration POLL = Duration.ofMillis(200);

    private TopicReader() {}

    /** The partitions of a topic that exists. */
    static List<TopicPartition> partitions(Consumer<byte[], byte[]> consumer, String topic) {
        return consumer.partitionsFor(topic).stream()
                .map(partition -> new TopicPartition(topic, partition.partition()))
                .toList();
    }

    /**
     * Hands on every record from the given offsets, or from the beginning, to the end that the topic has now.
     *
     * @param starts where to begin in a partition; empty for its beginning
     */
    static void read(
            Consumer<byte[], byte[]> consumer,
            List<TopicPartition> partitions,
            IntFunction<OptionalLong> starts,
            java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> handler) {
        consumer.assign(partitions);
        Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        for (TopicPartition partition : partitions) {
            long start = starts.apply(partition.partition()).orElse(0);
            consumer.seek(partition, Math.max(start, beginnings.getOrDefault(partition, 0L)));
        }
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            consumer.poll(POLL).forEach(handler);
        }
    }
}

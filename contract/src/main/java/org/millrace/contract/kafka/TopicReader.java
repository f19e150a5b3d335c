package org.millrace.contract.kafka;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.IntFunction;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/** A part of a topic that is there already, read once. The consumer is left behind the last record that was handed on. */
public final class TopicReader {
    private static final Duration POLL = Duration.ofMillis(200);

    private TopicReader() {}

    /** The partitions of a topic that exists. */
    public static List<TopicPartition> partitions(Consumer<byte[], byte[]> consumer, String topic) {
        return consumer.partitionsFor(topic).stream()
                .map(partition -> new TopicPartition(topic, partition.partition()))
                .toList();
    }

    /** Hands on every record from the beginning to the end that the topic has now. */
    public static void read(
            Consumer<byte[], byte[]> consumer,
            List<TopicPartition> partitions,
            java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> handler) {
        read(consumer, partitions, partition -> OptionalLong.empty(), handler);
    }

    /**
     * The same from the given offsets on.
     *
     * @param starts where to begin in a partition; empty for its beginning, and so is an offset before that
     */
    public static void read(
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
        readTo(consumer, ends, handler);
    }

    /** Hands on the records of one partition from an offset that is there to another one, exclusive, which has been written. */
    public static void read(
            Consumer<byte[], byte[]> consumer,
            TopicPartition partition,
            long from,
            long to,
            java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> handler) {
        consumer.assign(List.of(partition));
        consumer.seek(partition, from);
        readTo(consumer, Map.of(partition, to), handler);
    }

    // what came after the ends were asked for is fetched too, and not handed on
    private static void readTo(
            Consumer<byte[], byte[]> consumer,
            Map<TopicPartition, Long> ends,
            java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> handler) {
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                if (record.offset() < ends.getOrDefault(new TopicPartition(record.topic(), record.partition()), 0L)) {
                    handler.accept(record);
                }
            }
        }
        ends.forEach((partition, end) -> {
            if (consumer.position(partition) > end) {
                consumer.seek(partition, end);
            }
        });
    }
}

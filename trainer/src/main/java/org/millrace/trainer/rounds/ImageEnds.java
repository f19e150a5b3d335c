package org.millrace.trainer.rounds;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;

/** Where the topic images begins and ends now, by partition. Not thread safe; the owner closes it. */
final class ImageEnds implements AutoCloseable {
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final String topic;

    ImageEnds(KafkaSettings kafka, String topic) {
        this.consumer = new KafkaConsumer<>(kafka.consumer(Map.of()));
        this.topic = topic;
    }

    Map<Integer, Long> begins() {
        return byPartition(consumer.beginningOffsets(partitions()));
    }

    Map<Integer, Long> ends() {
        return byPartition(consumer.endOffsets(partitions()));
    }

    private List<TopicPartition> partitions() {
        return TopicReader.partitions(consumer, topic);
    }

    private static Map<Integer, Long> byPartition(Map<TopicPartition, Long> offsets) {
        Map<Integer, Long> byPartition = new TreeMap<>();
        offsets.forEach((partition, offset) -> byPartition.put(partition.partition(), offset));
        return byPartition;
    }

    @Override
    public void close() {
        consumer.close();
    }
}

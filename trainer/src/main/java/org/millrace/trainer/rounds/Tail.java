package org.millrace.trainer.rounds;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;

/** The records of a topic as they come, from its beginning on; those that cannot be read are left out. Not thread safe; the owner closes it. */
final class Tail<T> implements AutoCloseable {
    private static final Duration CLOSING = Duration.ofSeconds(1);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final String topic;
    private List<TopicPartition> partitions;
    private final RecordReader<T> records;

    Tail(KafkaSettings kafka, String topic, Class<T> type) {
        this.records = RecordReader.ofJson(type);
        this.consumer = new KafkaConsumer<>(kafka.consumer(Map.of("auto.offset.reset", "earliest")));
        this.topic = topic;
        this.partitions = TopicReader.partitions(consumer, topic);
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    /** Reads also the partitions below {@code count}, from their beginning. They must exist. */
    void grow(int count) {
        List<TopicPartition> added = IntStream.range(partitions.size(), count)
                .mapToObj(partition -> new TopicPartition(topic, partition))
                .toList();
        if (added.isEmpty()) {
            return;
        }
        partitions = Stream.concat(partitions.stream(), added.stream()).toList();
        consumer.assign(partitions); // positions of the earlier ones stay
        consumer.seekToBeginning(added);
    }

    /** Takes what is there, or waits for it up to {@code timeout}. */
    void poll(Duration timeout, BiConsumer<ConsumerRecord<byte[], byte[]>, T> handler) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
            records.read(record).ifPresent(value -> handler.accept(record, value));
        }
    }

    /** Takes everything up to the topic's present end. */
    void catchUp(Duration timeout, BiConsumer<ConsumerRecord<byte[], byte[]>, T> handler) {
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            poll(timeout, handler);
        }
    }

    @Override
    public void close() {
        consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(CLOSING));
    }
}

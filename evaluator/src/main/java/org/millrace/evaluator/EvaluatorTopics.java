package org.millrace.evaluator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.millrace.contract.UserException;
import org.millrace.contract.kafka.BrokerWords;
import org.millrace.evaluator.probe.ProbeFeed;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The evaluator's positions in its four topics: the probe is read on from where the probe set ends, the others from their
 * beginnings. Not thread safe; the owner closes it.
 */
final class EvaluatorTopics implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EvaluatorTopics.class);
    private static final Duration POLL = Duration.ofMillis(200);

    private final Consumer<byte[], byte[]> consumer;
    private final String probe;
    private final String encoders;
    private final String evaluations;
    private final String spaces;

    EvaluatorTopics(
            Consumer<byte[], byte[]> consumer, String probe, String encoders, String evaluations, String spaces) {
        this.consumer = consumer;
        this.probe = probe;
        this.encoders = encoders;
        this.evaluations = evaluations;
        this.spaces = spaces;
    }

    /** Seeks to its positions; the encoders are paused until {@link #resumeEncoders}. */
    void open(ProbeFeed feed) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (String topic : List.of(probe, encoders, evaluations, spaces)) {
            partitions.addAll(partitions(topic));
        }
        consumer.assign(partitions);
        Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        boolean replaced = of(probe).stream()
                .anyMatch(partition -> feed.nextOffset(partition.partition()).orElse(0) > offset(ends, partition));
        if (replaced) {
            LOG.warn(
                    "the topic {} ends before what was read of it: it has been replaced, and the probe set is rebuilt",
                    probe);
            feed.forget();
        }
        for (TopicPartition partition : partitions) {
            OptionalLong known =
                    partition.topic().equals(probe) ? feed.nextOffset(partition.partition()) : OptionalLong.empty();
            consumer.seek(partition, Math.max(known.orElse(0), offset(beginnings, partition)));
        }
        consumer.pause(of(encoders));
    }

    void resumeEncoders() {
        consumer.resume(of(encoders));
    }

    /** Reads the encoders from their beginning again. */
    void rereadEncoders() {
        consumer.seekToBeginning(of(encoders));
    }

    /** Gives the handler what comes within a fifth of a second. */
    void poll(java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> handler) {
        ConsumerRecords<byte[], byte[]> records;
        try {
            records = consumer.poll(POLL);
        } catch (OffsetOutOfRangeException e) {
            Set<TopicPartition> moved = e.offsetOutOfRangePartitions().keySet();
            LOG.warn("records of {} were deleted before they were read; reading goes on at the beginning", moved);
            consumer.seekToBeginning(moved);
            return;
        }
        records.forEach(handler);
    }

    /** The present ends of the partitions that are not paused. */
    Map<TopicPartition, Long> ends() {
        List<TopicPartition> active = consumer.assignment().stream()
                .filter(partition -> !consumer.paused().contains(partition))
                .toList();
        return consumer.endOffsets(active);
    }

    boolean reached(Map<TopicPartition, Long> ends) {
        return ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
    }

    @Override
    public void close() {
        consumer.close();
    }

    private List<TopicPartition> partitions(String topic) {
        try {
            List<PartitionInfo> found = consumer.partitionsFor(topic);
            if (found == null || found.isEmpty()) {
                throw new UserException(
                        "the topic " + topic + " does not exist"
                                + "\nCheck run.name and images.probe-topic, and that --bootstrap-server is the trainer's broker.");
            }
            return found.stream()
                    .map(partition -> new TopicPartition(topic, partition.partition()))
                    .toList();
        } catch (TimeoutException e) {
            throw new UserException(
                    "the broker does not answer: " + BrokerWords.of(e) + "\nCheck --bootstrap-server.", e);
        }
    }

    private Collection<TopicPartition> of(String topic) {
        return consumer.assignment().stream()
                .filter(partition -> partition.topic().equals(topic))
                .collect(Collectors.toList());
    }

    private static long offset(Map<TopicPartition, Long> offsets, TopicPartition partition) {
        return offsets.getOrDefault(partition, 0L);
    }
}

package org.millrace.app.embed;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TransactionAbortableException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.millrace.contract.kafka.KafkaSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Embeddings and the group's offsets, both or neither. A worker that has lost its partitions cannot commit: the broker compares the
 * group's generation (KIP-447), so that the transactional id need not belong to a partition, and is new for each producer. Not thread safe.
 */
final class StreamTransactions implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(StreamTransactions.class);
    /** A killed worker's open transaction hides its partitions' offsets from the next one for so long. */
    private static final int TIMEOUT_MILLIS = 10_000;

    private static final Duration CLOSING = Duration.ofSeconds(2);

    private final KafkaSettings kafka;
    private final String group;
    private final StreamFaults faults;
    private Producer<byte[], byte[]> producer;

    StreamTransactions(KafkaSettings kafka, String group, StreamFaults faults) {
        this.kafka = kafka;
        this.group = group;
        this.faults = faults;
        this.producer = open(kafka, group);
    }

    private static Producer<byte[], byte[]> open(KafkaSettings kafka, String group) {
        Producer<byte[], byte[]> producer = new KafkaProducer<>(kafka.producer(
                Map.of("transactional.id", group + "-" + UUID.randomUUID(), "transaction.timeout.ms", TIMEOUT_MILLIS)));
        try {
            producer.initTransactions();
            return producer;
        } catch (RuntimeException e) {
            producer.close(Duration.ZERO);
            throw e;
        }
    }

    /**
     * Sends the records and moves the offsets: the broker has all of it on return, or none of it where this is false. Whatever it throws,
     * none of it stands.
     */
    boolean commit(
            List<ProducerRecord<byte[], byte[]>> records,
            Map<TopicPartition, OffsetAndMetadata> offsets,
            ConsumerGroupMetadata member) {
        try {
            send(records, offsets, member);
            return true;
        } catch (CommitFailedException
                | FencedInstanceIdException
                | InvalidProducerEpochException
                | ProducerFencedException
                | RebalanceInProgressException
                | TimeoutException
                | TransactionAbortableException
                | UnknownMemberIdException e) {
            log.warn("a batch of embeddings was not committed, and is computed again: {}", e.getMessage());
            recover();
            return false;
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the transaction fails with it
    private void send(
            List<ProducerRecord<byte[], byte[]>> records,
            Map<TopicPartition, OffsetAndMetadata> offsets,
            ConsumerGroupMetadata member) {
        producer.beginTransaction();
        records.forEach(producer::send);
        faults.at(StreamFaults.Point.SENT);
        producer.sendOffsetsToTransaction(offsets, member);
        faults.at(StreamFaults.Point.OFFSETS_SENT);
        producer.commitTransaction();
        faults.at(StreamFaults.Point.COMMITTED);
    }

    /** Takes back what a failed transaction left: by the same producer where it can, by a new one otherwise. */
    private void recover() {
        try {
            producer.abortTransaction();
        } catch (KafkaException | IllegalStateException e) {
            producer.close(CLOSING);
            producer = open(kafka, group);
        }
    }

    /** Ends as a killed process does: the transaction under way stays open on the broker until it times out. */
    void abandon() {
        producer.close(Duration.ZERO);
    }

    @Override
    public void close() {
        producer.close(CLOSING);
    }
}

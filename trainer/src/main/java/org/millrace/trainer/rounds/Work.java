package org.millrace.trainer.rounds;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.RunTopics;
import org.millrace.contract.Sha256;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.SlotReady;
import org.millrace.contract.kafka.Chunks;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Contributions on the topic {@code <run>.work}: a file in chunks small enough for any broker, under the keys {@code name/index}; when the broker has them
 * all, {@link SlotReady} says so on {@code <run>.slots}. What a process left unfinished has no such record and is never read. Thread
 * safe; the owner closes it.
 */
final class Work implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Work.class);
    private static final Duration CLOSING = Duration.ofSeconds(2);

    private final KafkaSettings kafka;
    private final RunTopics topics;
    private final KafkaProducer<byte[], byte[]> producer;

    Work(KafkaSettings kafka, RunTopics topics) {
        this.kafka = kafka;
        this.topics = topics;
        this.producer = new KafkaProducer<>(kafka.producer(Map.of("delivery.timeout.ms", Integer.MAX_VALUE)));
    }

    /** What a {@link SlotReady} says besides where the records lie. */
    @FunctionalInterface
    interface Described {
        SlotReady at(long from, long to, String name, String sha256, String bits);
    }

    /** Sends a slot's file; returns its notice when both are durable, however long the broker is away, unless {@code enough}. */
    SlotReady send(int slot, byte[] file, BooleanSupplier enough, Described described) throws InterruptedException {
        String what = "a contribution to slot " + slot + " of run " + topics.run();
        String name = UUID.randomUUID().toString();
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (byte[] chunk : Chunks.of(file)) {
            byte[] key = (name + "/" + sent.size()).getBytes(StandardCharsets.UTF_8);
            sent.add(producer.send(new ProducerRecord<>(topics.work(), slot, key, chunk)));
        }
        long first = Long.MAX_VALUE;
        long last = -1;
        for (Future<RecordMetadata> record : sent) {
            long offset = Durable.await(record, enough, what).offset();
            first = Math.min(first, offset);
            last = Math.max(last, offset);
        }
        SlotReady ready = described.at(first, last + 1, name, Sha256.of(file), Contribution.bits(file));
        announce(ready, enough, what);
        return ready;
    }

    /** Has a slot computed again: its contribution cannot be used. Returns when that is durable, as {@link #send}. */
    void refuse(SlotReady ready, String reason, BooleanSupplier enough) throws InterruptedException {
        String what = "the refusal of a contribution to slot " + ready.slot() + " of run " + topics.run();
        announce(ready.refusedFor(reason), enough, what);
    }

    private void announce(SlotReady notice, BooleanSupplier enough, String what) throws InterruptedException {
        byte[] key = (notice.round() + "/" + notice.slot()).getBytes(StandardCharsets.UTF_8);
        var record = new ProducerRecord<>(topics.slots(), notice.slot(), key, Json.write(notice));
        Durable.await(producer.send(record), enough, what);
    }

    /** A slot's file; empty where its records are gone or changed. */
    Optional<byte[]> read(int slot, long from, long to, String name, String sha256) {
        List<byte[]> chunks = new ArrayList<>();
        TopicPartition partition = new TopicPartition(topics.work(), slot);
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            consumer.assign(List.of(partition));
            if (consumer.beginningOffsets(List.of(partition)).getOrDefault(partition, 0L) > from
                    || consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L) < to) {
                return Optional.empty();
            }
            TopicReader.read(consumer, partition, from, to, record -> {
                byte[] key = record.key();
                String wanted = name + "/" + chunks.size();
                if (key != null && record.value() != null && wanted.equals(new String(key, StandardCharsets.UTF_8))) {
                    chunks.add(record.value());
                }
            });
        }
        return Optional.of(Chunks.joined(chunks))
                .filter(whole -> Sha256.of(whole).equals(sha256));
    }

    /** Deletes what lies before an offset of each partition; where the broker does not allow it, the records stay. */
    void deleteBefore(Map<Integer, Long> offsets) {
        Map<TopicPartition, RecordsToDelete> old = new HashMap<>();
        offsets.forEach((slot, offset) ->
                old.put(new TopicPartition(topics.work(), slot), RecordsToDelete.beforeOffset(offset)));
        try (Admin admin = Admin.create(kafka.admin())) {
            admin.deleteRecords(old).all().get();
        } catch (ExecutionException e) {
            log.debug("old contributions stay on {}", topics.work(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Sends a record that nothing waits for. */
    @SuppressWarnings("FutureReturnValueIgnored") // what a slot rejects is rejected again where it is computed again
    void report(ProducerRecord<byte[], byte[]> record) {
        producer.send(record, (metadata, problem) -> {});
    }

    @Override
    public void close() {
        producer.close(CLOSING);
    }
}

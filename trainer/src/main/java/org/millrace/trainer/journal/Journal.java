package org.millrace.trainer.journal;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.millrace.contract.RunTopics;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.Json;

/**
 * Writes the topic {@code <run>.steps}: the plan of a step before it runs and its result after. Thread safe; the producer belongs to the
 * caller.
 */
public final class Journal {
    private final Producer<byte[], byte[]> producer;
    private final String topic;

    public Journal(Producer<byte[], byte[]> producer, RunTopics topics) {
        this.producer = producer;
        this.topic = topics.steps();
    }

    /** Appends an event; it is durable when the future completes, with the journal's offset behind it. */
    @SuppressWarnings("FutureReturnValueIgnored") // the callback completes the future that is returned
    public Future<Long> append(JournalEvent event) {
        CompletableFuture<Long> nextOffset = new CompletableFuture<>();
        producer.send(record(event), (metadata, failure) -> {
            if (failure == null) {
                nextOffset.complete(metadata.offset() + 1);
            } else {
                nextOffset.completeExceptionally(failure);
            }
        });
        return nextOffset;
    }

    /** The record of an event, for those who send it themselves. */
    public ProducerRecord<byte[], byte[]> record(JournalEvent event) {
        byte[] key = String.valueOf(event.step()).getBytes(StandardCharsets.UTF_8);
        return new ProducerRecord<>(topic, key, Json.write(event));
    }
}

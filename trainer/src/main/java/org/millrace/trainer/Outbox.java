package org.millrace.trainer;

import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.UserException;

/** Records on their way out that no step waits for; the first that fails is reported at the next {@link #check}. Thread safe. */
final class Outbox {
    private final Producer<byte[], byte[]> producer;
    private final AtomicReference<@Nullable UserException> failure = new AtomicReference<>();

    Outbox(Producer<byte[], byte[]> producer) {
        this.producer = producer;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the callback takes the failure
    void send(ProducerRecord<byte[], byte[]> record) {
        producer.send(record, (metadata, problem) -> {
            if (problem != null) {
                failure.compareAndSet(
                        null,
                        new UserException(
                                "a record for " + record.topic() + " could not be sent: " + problem.getMessage()
                                        + ". The run goes on from its last checkpoint when it is started again.",
                                problem));
            }
        });
    }

    void check() {
        UserException problem = failure.get();
        if (problem != null) {
            throw problem;
        }
    }
}

package org.millrace.trainer.journal;

import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Sends records that no step waits for. */
@FunctionalInterface
public interface Outbox {
    /** Sends these records after all earlier ones; readers see all of them or none. */
    void send(List<ProducerRecord<byte[], byte[]>> together);
}

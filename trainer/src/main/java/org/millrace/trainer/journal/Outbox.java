package org.millrace.trainer.journal;

import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Takes records on their way out, which no step waits for. */
@FunctionalInterface
public interface Outbox {
    /** Sends these records after all that were given before; readers see all of them or none. */
    void send(List<ProducerRecord<byte[], byte[]>> together);
}

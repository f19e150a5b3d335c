package org.millrace.trainer.stream;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.trainer.journal.Outbox;

/**
 * Sends what does not decode to the topic of rejects. The record's key is the image's position in the log, so that a reject sent again
 * after a restart is recognised as the same.
 */
public record Rejects(Outbox outbox, ImagesConfig images) {
    public void send(Rejection rejection) {
        var at = rejection.image().at();
        String position = images.topic() + "/" + at.partition() + "/" + at.offset();
        var record = new ProducerRecord<byte[], byte[]>(
                images.rejectedTopic(),
                position.getBytes(StandardCharsets.UTF_8),
                rejection.image().file());
        ImageHeaders.put(record.headers(), ImageHeaders.REJECT_REASON, rejection.reason());
        ImageHeaders.put(record.headers(), ImageHeaders.REJECT_POSITION, position);
        ImageHeaders.put(
                record.headers(), ImageHeaders.SOURCE, rejection.image().source());
        outbox.send(List.of(record));
    }
}

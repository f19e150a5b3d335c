package org.millrace.ingest.push;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.kafka.BrokerWords;
import org.millrace.ingest.gate.Judged;
import org.millrace.ingest.gate.Rejection;
import org.millrace.ingest.source.Content;

/**
 * Takes images one by one from other programs: read → judge → send → receipt. It judges as a push does, and whatever is not an image
 * goes to the topic of rejects. Thread safe.
 */
public final class ImageReceiver {
    /** Without it, a request to the broker for every image would cost more processor time than the image. */
    private static final int LINGER_MILLIS = 20;

    private static final int MOST_WAIT_MILLIS = 1_000;
    private static final int REQUEST_MILLIS = 8_000;
    private static final int DELIVERY_MILLIS = 10_000;

    private final Producer<byte[], byte[]> producer;
    private final ImagesConfig images;

    /** @param producer made with {@link #producerNeeds}; stays open */
    public ImageReceiver(Producer<byte[], byte[]> producer, ImagesConfig images) {
        this.producer = producer;
        this.images = images;
    }

    /** Settings of its producer; the user's own come before them. As for a push, but a client waits for each answer. */
    public static Map<String, Object> producerNeeds(ImagesConfig images) {
        Map<String, Object> needs = new HashMap<>(ImagePusher.producerNeeds(images));
        needs.put(ProducerConfig.LINGER_MS_CONFIG, LINGER_MILLIS);
        needs.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, MOST_WAIT_MILLIS);
        needs.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, REQUEST_MILLIS);
        needs.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, DELIVERY_MILLIS);
        return Map.copyOf(needs);
    }

    /**
     * Reads the image and sends it. The receipt completes on the producer's thread, which must not be blocked, once the
     * log has acknowledged the image or its reject; never exceptionally.
     *
     * @throws IOException if the body cannot be read
     */
    public CompletableFuture<Receipt> take(IncomingImage image) throws IOException {
        Content content;
        try (InputStream in = image.body().open()) {
            content = Content.read(in, image.body().declaredBytes(), images.maxBytes());
        }
        Judged judged = image.target().judge(Judged.of(content, images), image.label());
        var record = ImageRecords.of(images, image.target(), image.about(), judged);
        return send(
                record,
                written -> judged.verdict() instanceof Rejection rejection
                        ? refused(rejection)
                        : new Receipt.Logged(written.topic(), written.partition(), written.offset()));
    }

    private CompletableFuture<Receipt> send(
            ProducerRecord<byte[], byte[]> record, java.util.function.Function<RecordMetadata, Receipt> receipt) {
        var answer = new CompletableFuture<Receipt>();
        try {
            var ignored = producer.send(
                    record,
                    (written, problem) ->
                            answer.complete(problem == null ? receipt.apply(written) : notTaken(record, problem)));
        } catch (InterruptException e) {
            Thread.currentThread().interrupt();
            answer.complete(notTaken(record, e));
        } catch (KafkaException | IllegalStateException e) { // a closed producer throws the latter
            answer.complete(notTaken(record, e));
        }
        return answer;
    }

    private static Receipt refused(Rejection rejection) {
        Receipt.Reason reason = switch (rejection.kind()) {
            case EMPTY, NOT_AN_IMAGE, UNSOUND, UNREADABLE -> Receipt.Reason.NO_IMAGE;
            case TOO_LARGE -> Receipt.Reason.TOO_LARGE;
            case NO_LABEL -> Receipt.Reason.NO_LABEL;
        };
        return new Receipt.Refused(reason, rejection.reason());
    }

    private Receipt notTaken(ProducerRecord<byte[], byte[]> record, Exception problem) {
        String got =
                "Kafka did not take the record for topic '%s': %s".formatted(record.topic(), BrokerWords.of(problem));
        if (problem instanceof BufferExhaustedException) {
            return new Receipt.NotTaken(Receipt.Trouble.BUSY, "more images come than Kafka takes");
        }
        if (problem instanceof RecordTooLargeException) {
            return new Receipt.NotTaken(
                    Receipt.Trouble.AWAY,
                    got + "; raise max.message.bytes of the topic, or lower images.max-bytes (" + images.maxBytes()
                            + ")");
        }
        return new Receipt.NotTaken(
                Receipt.Trouble.AWAY, got + "; it may be in the log all the same, and sent again be there twice");
    }
}

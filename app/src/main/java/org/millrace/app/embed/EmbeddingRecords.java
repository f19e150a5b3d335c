package org.millrace.app.embed;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.millrace.contract.ImageHeaders;

/**
 * Embeddings as records of {@code <run>.embeddings}. Key: the image's, or {@code topic/partition/offset} where it has none. Headers, all
 * text: {@code encoder}, {@code space} (the encoder again, where features are not mapped), {@code policy}, {@code topic}, {@code partition}
 * and {@code offset} of the image, {@code content-type}; {@code source} where the image has it, {@code backfill} where the image was
 * embedded before by another encoder.
 */
record EmbeddingRecords(String topic, StreamPolicy policy, EmbeddingValue form) {
    ProducerRecord<byte[], byte[]> of(
            ConsumerRecord<byte[], byte[]> image, PolicyEncoder.Loaded by, float[] features, boolean backfill) {
        String position = image.topic() + "/" + image.partition() + "/" + image.offset();
        byte[] key = image.key() == null ? position.getBytes(StandardCharsets.UTF_8) : image.key();
        var sent = new ProducerRecord<>(topic, key, form.of(by.version(), by.space(), features));
        put(sent, "encoder", by.version());
        put(sent, "space", by.space());
        put(sent, "policy", policy);
        put(sent, "topic", image.topic());
        put(sent, "partition", image.partition());
        put(sent, "offset", image.offset());
        put(sent, ImageHeaders.CONTENT_TYPE, form.contentType());
        Header source = image.headers().lastHeader(ImageHeaders.SOURCE);
        if (source != null && source.value() != null) {
            sent.headers().add(ImageHeaders.SOURCE, source.value());
        }
        if (backfill) {
            put(sent, "backfill", true);
        }
        return sent;
    }

    private static void put(ProducerRecord<byte[], byte[]> record, String name, Object value) {
        record.headers().add(name, String.valueOf(value).getBytes(StandardCharsets.UTF_8));
    }
}

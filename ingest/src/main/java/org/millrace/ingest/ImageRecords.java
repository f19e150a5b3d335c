package org.millrace.ingest;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.ImageHeaders;

/** Records of images and of rejects, with the contract's headers. */
final class ImageRecords {
    private ImageRecords() {}

    /**
     * What is known of an image beside its bytes; a header is left out where nothing is known.
     *
     * @param id becomes the key
     * @param position {@code path[!entry]} of the file, for finding a rejected one
     */
    record About(
            @Nullable String id,
            Optional<String> source,
            Optional<String> label,
            Optional<String> capturedAt,
            Optional<String> split,
            String position) {}

    static ProducerRecord<byte[], byte[]> image(String topic, About about, Accepted accepted, byte[] image) {
        var record = record(topic, about, image);
        ImageHeaders.put(record.headers(), ImageHeaders.CONTENT_TYPE, accepted.contentType());
        about.split().ifPresent(half -> ImageHeaders.put(record.headers(), ImageHeaders.SPLIT, half));
        return record;
    }

    static ProducerRecord<byte[], byte[]> reject(String topic, About about, Rejection rejection, Content content) {
        byte[] kept = content.kept();
        var record = record(topic, about, kept);
        String cut = kept.length == content.size()
                ? ""
                : " (the first %d of %d bytes are kept)".formatted(kept.length, content.size());
        ImageHeaders.put(record.headers(), ImageHeaders.REJECT_REASON, rejection.reason() + cut);
        ImageHeaders.put(record.headers(), ImageHeaders.REJECT_POSITION, about.position());
        return record;
    }

    private static ProducerRecord<byte[], byte[]> record(String topic, About about, byte[] value) {
        byte[] key = about.id() == null ? null : about.id().getBytes(StandardCharsets.UTF_8);
        var record = new ProducerRecord<byte[], byte[]>(topic, key, value);
        about.source().ifPresent(text -> ImageHeaders.put(record.headers(), ImageHeaders.SOURCE, text));
        about.label().ifPresent(text -> ImageHeaders.put(record.headers(), ImageHeaders.LABEL, text));
        about.capturedAt().ifPresent(text -> ImageHeaders.put(record.headers(), ImageHeaders.CAPTURED_AT, text));
        return record;
    }
}

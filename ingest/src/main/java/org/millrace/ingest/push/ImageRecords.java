package org.millrace.ingest.push;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.ingest.gate.Accepted;
import org.millrace.ingest.gate.Judged;
import org.millrace.ingest.gate.Rejection;
import org.millrace.ingest.source.Content;
import org.millrace.ingest.source.SourceEntry;

/** Records of images and of rejects, with the contract's headers. */
public final class ImageRecords {
    private ImageRecords() {}

    /**
     * What is known of an image besides its bytes; an unknown header is left out.
     *
     * @param id the record's key
     * @param position {@code path[!entry]} of the file, for finding a rejected one
     */
    public record About(
            @Nullable String id,
            Optional<String> source,
            Optional<String> label,
            Optional<String> capturedAt,
            PushRequest.Split split,
            String position) {
        public static About of(SourceEntry entry, Optional<String> label, PushRequest.Split split) {
            return new About(
                    entry.origin().id(),
                    Optional.of(entry.origin().source()),
                    label,
                    Optional.ofNullable(entry.modified()).map(Instant::toString),
                    split,
                    entry.origin().position());
        }
    }

    /** The record of an accepted file for the target's topic, or of a rejected one for the topic of rejects. */
    public static ProducerRecord<byte[], byte[]> of(
            ImagesConfig images, PushRequest.Target target, About about, Judged judged) {
        return judged.verdict() instanceof Rejection rejection
                ? reject(images.rejectedTopic(), about, rejection, judged.content())
                : image(
                        target.topic(images),
                        about,
                        (Accepted) judged.verdict(),
                        judged.content().bytes());
    }

    private static ProducerRecord<byte[], byte[]> image(String topic, About about, Accepted accepted, byte[] image) {
        var record = record(topic, about, image);
        ImageHeaders.put(record.headers(), ImageHeaders.CONTENT_TYPE, accepted.contentType());
        about.split().header().ifPresent(half -> ImageHeaders.put(record.headers(), ImageHeaders.SPLIT, half));
        return record;
    }

    private static ProducerRecord<byte[], byte[]> reject(
            String topic, About about, Rejection rejection, Content content) {
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

package org.millrace.server.dashboard;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.encoder.image.ClaimChecks;
import org.millrace.encoder.image.UndecodableImageException;

/** Single images of the topic by their offsets. Not thread safe; the owner closes it. */
final class StoredImages implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final long MOST_BYTES = 64L << 20;
    private static final int TEXT = 240;
    /** Images taken from each place of the log, to sample a span of time. */
    private static final int PLACE_IMAGES = 8;
    /** Records searched at each place for images of one source. */
    private static final int SEARCHED = 400;

    private final String topic;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final ClaimChecks claimChecks;

    StoredImages(KafkaSettings kafka, ImagesConfig images) {
        this.topic = images.topic();
        this.claimChecks = new ClaimChecks(images);
        this.consumer = new KafkaConsumer<>(kafka.consumer(Map.of(
                "allow.auto.create.topics",
                "false",
                "fetch.max.bytes",
                images.maxRecordBytes(),
                "max.partition.fetch.bytes",
                images.maxRecordBytes())));
    }

    /** The first {@code most} images of a range; fewer where some are gone or the broker is slow. */
    List<StoredImage> first(OffsetRange range, int most) {
        return read(new TopicPartition(topic, range.partition()), range.from(), range.to(), most, MOST_BYTES);
    }

    /** The newest images of all partitions, about so many, oldest first. */
    List<StoredImage> newest(int count) {
        List<TopicPartition> partitions = consumer.partitionsFor(topic, PATIENCE).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
        if (partitions.isEmpty()) {
            return List.of();
        }
        int share = Math.max(1, count / partitions.size());
        Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(partitions, PATIENCE);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, PATIENCE);
        List<StoredImage> images = new ArrayList<>();
        for (TopicPartition partition : partitions) {
            long end = ends.getOrDefault(partition, 0L);
            long from = Math.max(beginnings.getOrDefault(partition, 0L), end - share);
            images.addAll(read(partition, from, end, share, MOST_BYTES / partitions.size()));
        }
        images.sort(Comparator.comparingLong(StoredImage::timeMillis));
        return images;
    }

    /**
     * A sample, of about this size, of the images recorded in a span of time; fewer where some are gone or the broker is slow.
     *
     * @param source their header {@code source}, or blank for any
     */
    List<StoredImage> of(DriftView.Times times, String source, int about) {
        List<TopicPartition> partitions = consumer.partitionsFor(topic, PATIENCE).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, PATIENCE);
        List<StoredImage> images = new ArrayList<>();
        for (TopicPartition partition : partitions) {
            long end = ends.getOrDefault(partition, 0L);
            long from = offsetAt(partition, times.fromMillis(), end);
            long to = offsetAt(partition, times.toMillis(), end);
            int places = Math.max(1, about / PLACE_IMAGES / partitions.size());
            for (int place = 0; place < places && from < to; place++) {
                long next = from + (to - from) / (places - place);
                long mostBytes = MOST_BYTES / places / partitions.size();
                read(partition, from, next, source.isEmpty() ? PLACE_IMAGES : SEARCHED, mostBytes).stream()
                        .filter(image ->
                                image.timeMillis() >= times.fromMillis() && image.timeMillis() < times.toMillis())
                        .filter(image -> source.isEmpty() || image.source().equals(source))
                        .limit(PLACE_IMAGES)
                        .forEach(images::add);
                from = next;
            }
        }
        return images;
    }

    private long offsetAt(TopicPartition partition, long millis, long end) {
        OffsetAndTimestamp found =
                consumer.offsetsForTimes(Map.of(partition, millis), PATIENCE).get(partition);
        return found == null ? end : found.offset();
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(PATIENCE));
    }

    private List<StoredImage> read(TopicPartition partition, long from, long to, int most, long mostBytes) {
        consumer.assign(List.of(partition));
        consumer.seek(partition, from);
        List<StoredImage> images = new ArrayList<>();
        long bytes = 0;
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        try {
            while (consumer.position(partition, PATIENCE) < to && System.nanoTime() < deadline) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    if (images.size() == most || bytes > mostBytes || record.offset() >= to) {
                        return images;
                    }
                    Optional<StoredImage> image = image(record);
                    image.ifPresent(images::add);
                    bytes += image.map(stored -> stored.file().length).orElse(0);
                }
            }
        } catch (OffsetOutOfRangeException e) {
            return images; // retention was faster
        }
        return images;
    }

    private Optional<StoredImage> image(ConsumerRecord<byte[], byte[]> record) {
        byte[] file = record.value();
        if (file == null || file.length == 0) {
            Optional<String> location = ImageHeaders.location(record.headers());
            if (location.isEmpty()) {
                return Optional.empty();
            }
            try {
                file = claimChecks.fetch(
                        location.get(),
                        ImageHeaders.text(record.headers(), ImageHeaders.SHA256).orElse(""));
            } catch (UndecodableImageException e) {
                return Optional.empty();
            }
        }
        return Optional.of(new StoredImage(
                new ImageOffset(record.partition(), record.offset()),
                record.timestamp(),
                text(record, ImageHeaders.SOURCE),
                text(record, ImageHeaders.LABEL),
                file));
    }

    private static String text(ConsumerRecord<byte[], byte[]> record, String header) {
        String text = ImageHeaders.text(record.headers(), header).orElse("");
        return text.length() > TEXT ? text.substring(0, TEXT - 1) + "…" : text;
    }
}

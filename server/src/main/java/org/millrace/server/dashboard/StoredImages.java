package org.millrace.server.dashboard;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
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
    private static final long METADATA_MILLIS = 3_000; // partitions added to the topic are known soon
    private static final long MOST_BYTES = 64L << 20;
    private static final int TEXT = 240;
    /** Images read first of the newest of a partition. */
    private static final int LAST_IMAGES = 8;
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
                "metadata.max.age.ms",
                METADATA_MILLIS,
                "fetch.max.bytes",
                images.maxRecordBytes(),
                "max.partition.fetch.bytes",
                images.maxRecordBytes())));
    }

    /** The first {@code most} images of a range; fewer where some are gone or the broker is slow. */
    List<StoredImage> first(OffsetRange range, int most) {
        return read(new TopicPartition(topic, range.partition()), range.from(), range.to(), most, MOST_BYTES);
    }

    /**
     * The newest images that fit into memory, newest first.
     *
     * @param unread about how many images as new as these do not fit
     */
    record Newest(List<StoredImage> images, int unread) {}

    /** The newest images of all partitions, about so many. */
    Newest newest(int count) {
        List<TopicPartition> partitions = partitions();
        if (partitions.isEmpty()) {
            return new Newest(List.of(), 0);
        }
        int share = Math.max(1, count / partitions.size());
        Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(partitions, PATIENCE);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, PATIENCE);
        List<StoredImage> images = new ArrayList<>();
        int unread = 0;
        for (TopicPartition partition : partitions) {
            long end = ends.getOrDefault(partition, 0L);
            long from = Math.max(beginnings.getOrDefault(partition, 0L), end - share);
            Newest some = newest(partition, from, end, MOST_BYTES / partitions.size());
            images.addAll(some.images());
            unread += some.unread();
        }
        images.sort(Comparator.comparingLong(StoredImage::timeMillis)
                .thenComparingLong(image -> image.at().offset())
                .reversed());
        return new Newest(images, unread);
    }

    private List<TopicPartition> partitions() {
        return consumer.partitionsFor(topic, PATIENCE).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
    }

    /** The last few first: by their size, as many before them as fit. */
    private Newest newest(TopicPartition partition, long from, long to, long mostBytes) {
        long lastFrom = Math.max(from, to - LAST_IMAGES);
        Deque<StoredImage> images = new ArrayDeque<>(); // oldest first
        long bytes = readNewest(partition, lastFrom, to, mostBytes, images);
        long mean = Math.max(1, bytes / Math.max(1, images.size()));
        long more = Math.min(lastFrom - from, (mostBytes - bytes) / mean);
        if (more > 0 && lastFrom > from) {
            Deque<StoredImage> before = new ArrayDeque<>();
            readNewest(partition, lastFrom - more, lastFrom, mostBytes - bytes, before);
            before.descendingIterator().forEachRemaining(images::addFirst);
        }
        long first = images.isEmpty() ? to : images.getFirst().at().offset();
        return new Newest(List.copyOf(images), (int) (first - from));
    }

    /** Adds the newest images of a range that have so many bytes together, and returns the bytes of these. */
    private long readNewest(TopicPartition partition, long from, long to, long mostBytes, Deque<StoredImage> images) {
        long[] bytes = {0};
        read(partition, from, to, image -> {
            images.addLast(image);
            bytes[0] += image.file().length;
            while (bytes[0] > mostBytes && images.size() > 1) {
                bytes[0] -= images.removeFirst().file().length;
            }
            return true;
        });
        return bytes[0];
    }

    /**
     * A sample, of about this size, of the images recorded in a span of time; fewer where some are gone or the broker is slow.
     *
     * @param source their header {@code source}, or blank for any
     */
    List<StoredImage> of(DriftView.Times times, String source, int about) {
        List<TopicPartition> partitions = partitions();
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
        List<StoredImage> images = new ArrayList<>();
        long[] bytes = {0};
        read(partition, from, to, image -> {
            images.add(image);
            bytes[0] += image.file().length;
            return images.size() < most && bytes[0] <= mostBytes;
        });
        return images;
    }

    /** Hands on the images of a range while {@code goOn} wants more; fewer where some are gone or the broker is slow. */
    private void read(TopicPartition partition, long from, long to, Predicate<StoredImage> goOn) {
        consumer.assign(List.of(partition));
        consumer.seek(partition, from);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        try {
            while (consumer.position(partition, PATIENCE) < to && System.nanoTime() < deadline) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    if (record.offset() >= to) {
                        return;
                    }
                    Optional<StoredImage> image = image(record);
                    if (image.isPresent() && !goOn.test(image.get())) {
                        return;
                    }
                }
            }
        } catch (OffsetOutOfRangeException e) {
            // retention was faster: what was read is all there is
        }
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

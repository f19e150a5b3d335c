package org.millrace.trainer.stream;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.UserException;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.kafka.TopicReader;
import org.millrace.keystore.ImageId;

/**
 * The topic images as a queue per partition, filled by {@link #poll} and emptied in order. A partition whose queue is full is paused
 * until half of it is taken, so memory stays flat. Not thread safe; the consumer belongs to the caller.
 */
final class ImageLog {
    private final Consumer<byte[], byte[]> consumer;
    private final String topic;
    private final int maxBytesPerPartition;
    private final Map<Integer, PartitionQueue> queues = new TreeMap<>();

    /** Assigns itself every partition of the topic, at the given offsets, or at the log's start where none is given. */
    ImageLog(
            Consumer<byte[], byte[]> consumer,
            String topic,
            Map<Integer, Long> nextOffsets,
            Map<Integer, Integer> leaderEpochs,
            int maxBytesPerPartition) {
        this.consumer = consumer;
        this.topic = topic;
        this.maxBytesPerPartition = maxBytesPerPartition;
        consumer.assign(TopicReader.partitions(consumer, topic));
        goOn(nextOffsets, leaderEpochs);
    }

    /** The present end of each partition of the topic. */
    static Map<Integer, Long> ends(Consumer<byte[], byte[]> consumer, String topic) {
        Map<Integer, Long> ends = new TreeMap<>();
        consumer.endOffsets(TopicReader.partitions(consumer, topic))
                .forEach((partition, end) -> ends.put(partition.partition(), end));
        return ends;
    }

    String topic() {
        return topic;
    }

    /** Drops what is fetched and goes on elsewhere; at the log's start where no offset is given. */
    void moveTo(Map<Integer, Long> nextOffsets) {
        goOn(nextOffsets, Map.of());
    }

    /** Goes on elsewhere in one partition. */
    void moveTo(int partition, long offset) {
        TopicPartition there = new TopicPartition(topic, partition);
        consumer.seek(there, offset);
        consumer.resume(Set.of(there));
        queues.put(partition, new PartitionQueue(offset, Optional.empty()));
    }

    /** Fetches no other partitions than these. */
    void fetchOnly(Set<Integer> partitions) {
        consumer.pause(consumer.assignment().stream()
                .filter(partition -> !partitions.contains(partition.partition()))
                .collect(Collectors.toSet()));
    }

    // with its leader's epoch an offset is checked by the broker: it must lie in the same history of the log
    private void goOn(Map<Integer, Long> nextOffsets, Map<Integer, Integer> leaderEpochs) {
        queues.clear();
        consumer.resume(consumer.paused());
        Map<TopicPartition, Long> starts = consumer.beginningOffsets(consumer.assignment());
        for (TopicPartition partition : consumer.assignment()) {
            Long start = starts.getOrDefault(partition, 0L);
            long next = nextOffsets.getOrDefault(partition.partition(), start);
            Optional<Integer> epoch = Optional.ofNullable(leaderEpochs.get(partition.partition()));
            consumer.seek(partition, new OffsetAndMetadata(next, epoch, ""));
            queues.put(partition.partition(), new PartitionQueue(next, epoch));
        }
    }

    /** Fetches what is there, or waits up to {@code timeout}. */
    void poll(Duration timeout) {
        try {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
                byte[] file = record.value() == null ? new byte[0] : record.value();
                LoggedImage image = new LoggedImage(
                        new ImageOffset(record.partition(), record.offset()),
                        record.timestamp(),
                        id(record.key()),
                        ImageHeaders.text(record.headers(), ImageHeaders.SOURCE).orElse(""),
                        file,
                        file.length == 0 ? claim(record.headers()) : Optional.empty(),
                        OptionalLong.empty());
                queue(record.partition()).add(new Fetched(image, record.leaderEpoch()));
            }
        } catch (OffsetOutOfRangeException e) {
            throw gone(e);
        }
        queues.forEach((partition, queue) -> {
            if (queue.bytes > maxBytesPerPartition) {
                consumer.pause(Set.of(new TopicPartition(topic, partition)));
            }
        });
    }

    private static Optional<LoggedImage.Claim> claim(Headers headers) {
        return ImageHeaders.location(headers)
                .map(location -> new LoggedImage.Claim(
                        location,
                        ImageHeaders.text(headers, ImageHeaders.SHA256).orElse("")));
    }

    private static Optional<ImageId> id(byte @Nullable [] key) {
        return key == null || key.length == 0 || key.length > ImageId.MOST_BYTES
                ? Optional.empty()
                : Optional.of(new ImageId(key));
    }

    /** The image with the smallest timestamp among the heads of the partitions; it becomes the next of its partition's range. */
    Optional<LoggedImage> takeOldest() {
        return queues.values().stream()
                .filter(queue -> !queue.images.isEmpty())
                .min(Comparator.comparingLong(
                        queue -> queue.images.element().image().timestampMillis()))
                .map(this::take);
    }

    /**
     * The next images of a range, in order, as many as are fetched; none where it has {@linkplain #hasPassed passed} or its next image is
     * not fetched yet. Offsets without a record (compacted, or of transactions) are passed over.
     *
     * @param most images at once
     */
    List<LoggedImage> take(OffsetRange range, int most) {
        PartitionQueue queue = queue(range.partition());
        List<LoggedImage> images = new ArrayList<>();
        while (images.size() < most
                && !queue.images.isEmpty()
                && queue.images.element().image().at().offset() < range.to()) {
            images.add(take(queue));
        }
        boolean fetched = !queue.images.isEmpty() || consumer.position(partition(range)) >= range.to();
        if (images.size() < most && fetched) {
            queue.taken = range.to(); // what is left of it has no record
        }
        return images;
    }

    /** Throws where a range does not begin with the next image of its partition. */
    void requireNext(OffsetRange range) {
        long taken = queue(range.partition()).taken;
        if (taken != range.from()) {
            throw new UserException("partition " + range.partition() + " of " + topic + " stands at " + taken
                    + ", but the journal's plan begins at " + range.from()
                    + "; millrace audit says which plans do not fit.");
        }
    }

    /** Whether everything of a range has been taken. */
    boolean hasPassed(OffsetRange range) {
        return queue(range.partition()).taken >= range.to();
    }

    private TopicPartition partition(OffsetRange range) {
        return new TopicPartition(topic, range.partition());
    }

    /** The offset behind the last image taken of each partition. */
    Map<Integer, Long> nextOffsets() {
        Map<Integer, Long> next = new TreeMap<>();
        queues.forEach((partition, queue) -> next.put(partition, queue.taken));
        return next;
    }

    /** The leader's epoch of the last image taken of each partition, where the broker reported one. */
    Map<Integer, Integer> leaderEpochs() {
        Map<Integer, Integer> epochs = new TreeMap<>();
        queues.forEach((partition, queue) -> queue.epoch.ifPresent(epoch -> epochs.put(partition, epoch)));
        return epochs;
    }

    /** Whether everything up to these end offsets was taken. */
    boolean reached(Map<Integer, Long> ends) {
        return queues.entrySet().stream()
                .allMatch(entry -> entry.getValue().images.isEmpty()
                        && consumer.position(new TopicPartition(topic, entry.getKey()))
                                >= ends.getOrDefault(entry.getKey(), 0L));
    }

    private LoggedImage take(PartitionQueue queue) {
        Fetched fetched = queue.images.remove();
        LoggedImage image = fetched.image();
        queue.bytes -= image.file().length;
        queue.taken = image.at().offset() + 1;
        queue.epoch = fetched.leaderEpoch().or(() -> queue.epoch);
        if (queue.bytes < maxBytesPerPartition / 2) {
            consumer.resume(Set.of(new TopicPartition(topic, image.at().partition())));
        }
        return image;
    }

    private PartitionQueue queue(int partition) {
        PartitionQueue queue = queues.get(partition);
        if (queue == null) {
            throw new UserException(
                    "the journal names partition " + partition + " of " + topic + ", which has only " + queues.keySet()
                            + ": the topic was deleted and created again. Start a new run with another run.name.");
        }
        return queue;
    }

    private LogGapException gone(OffsetOutOfRangeException e) {
        Map<Integer, Long> diverged = new TreeMap<>();
        if (e instanceof LogTruncationException truncated) {
            truncated
                    .divergentOffsets()
                    .forEach((partition, offset) -> diverged.put(partition.partition(), offset.offset()));
        }
        String wanted = e.offsetOutOfRangePartitions().entrySet().stream()
                .map(entry -> "offset " + entry.getValue() + " of partition "
                        + entry.getKey().partition())
                .collect(Collectors.joining(", "));
        return new LogGapException(
                topic + " no longer holds " + wanted + ", where this run stands: "
                        + (diverged.isEmpty()
                                ? "retention or a deletion removed it."
                                : "the log lost its end from the offsets " + diverged
                                        + " on when another broker came to lead it."),
                diverged,
                e);
    }

    private record Fetched(LoggedImage image, Optional<Integer> leaderEpoch) {}

    private static final class PartitionQueue {
        private final ArrayDeque<Fetched> images = new ArrayDeque<>();
        private long bytes;
        private long taken;
        private Optional<Integer> epoch;

        PartitionQueue(long next, Optional<Integer> epoch) {
            this.taken = next;
            this.epoch = epoch;
        }

        void add(Fetched fetched) {
            images.add(fetched);
            bytes += fetched.image().file().length;
        }
    }
}

package org.millrace.trainer.stream;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.UserException;
import org.millrace.contract.event.OffsetRange;
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

    /** Assigns itself every partition of the topic, at the given next offsets, or at the log's start where none is given. */
    ImageLog(
            Consumer<byte[], byte[]> consumer, String topic, Map<Integer, Long> nextOffsets, int maxBytesPerPartition) {
        this.consumer = consumer;
        this.topic = topic;
        this.maxBytesPerPartition = maxBytesPerPartition;
        Set<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .collect(Collectors.toSet());
        consumer.assign(partitions);
        Map<TopicPartition, Long> starts = consumer.beginningOffsets(partitions);
        for (TopicPartition partition : partitions) {
            Long start = starts.getOrDefault(partition, 0L);
            long next = nextOffsets.getOrDefault(partition.partition(), start);
            consumer.seek(partition, next);
            queues.put(partition.partition(), new PartitionQueue(next));
        }
    }

    /** Fetches what is there, or waits up to {@code timeout}. */
    void poll(Duration timeout) {
        try {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
                byte[] file = record.value() == null ? new byte[0] : record.value();
                queue(record.partition())
                        .add(new LoggedImage(
                                new ImageOffset(record.partition(), record.offset()),
                                record.timestamp(),
                                id(record.key()),
                                ImageHeaders.text(record.headers(), ImageHeaders.SOURCE)
                                        .orElse(""),
                                file));
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

    private static Optional<ImageId> id(byte @Nullable [] key) {
        return key == null || key.length == 0 || key.length > ImageId.MOST_BYTES
                ? Optional.empty()
                : Optional.of(new ImageId(key));
    }

    /** The image with the smallest timestamp among the heads of the partitions; it becomes the next of its partition's range. */
    Optional<LoggedImage> takeOldest() {
        return queues.values().stream()
                .filter(queue -> !queue.images.isEmpty())
                .min(Comparator.comparingLong(queue -> queue.images.element().timestampMillis()))
                .map(this::take);
    }

    /** The images of a range, once all of them are fetched. Offsets without a record (compacted, or of transactions) are skipped. */
    Optional<List<LoggedImage>> take(OffsetRange range) {
        PartitionQueue queue = queue(range.partition());
        TopicPartition partition = new TopicPartition(topic, range.partition());
        if (queue.taken != range.from()) {
            throw new IllegalStateException("partition " + range.partition() + " stands at " + queue.taken
                    + ", but the plan begins at " + range.from());
        }
        if (consumer.position(partition) < range.to()) {
            consumer.resume(Set.of(partition)); // a range larger than a full queue must still be fetched whole
            return Optional.empty();
        }
        List<LoggedImage> images = new ArrayList<>();
        while (!queue.images.isEmpty() && queue.images.element().at().offset() < range.to()) {
            images.add(take(queue));
        }
        queue.taken = range.to();
        return Optional.of(images);
    }

    /** The offset behind the last image taken of each partition. */
    Map<Integer, Long> nextOffsets() {
        Map<Integer, Long> next = new TreeMap<>();
        queues.forEach((partition, queue) -> next.put(partition, queue.taken));
        return next;
    }

    /** Whether everything up to these end offsets was taken. */
    boolean reached(Map<Integer, Long> ends) {
        return queues.entrySet().stream()
                .allMatch(entry -> entry.getValue().images.isEmpty()
                        && consumer.position(new TopicPartition(topic, entry.getKey()))
                                >= ends.getOrDefault(entry.getKey(), 0L));
    }

    private LoggedImage take(PartitionQueue queue) {
        LoggedImage image = queue.images.remove();
        queue.bytes -= image.file().length;
        queue.taken = image.at().offset() + 1;
        if (queue.bytes < maxBytesPerPartition / 2) {
            consumer.resume(Set.of(new TopicPartition(topic, image.at().partition())));
        }
        return image;
    }

    private PartitionQueue queue(int partition) {
        PartitionQueue queue = queues.get(partition);
        if (queue == null) {
            throw new UserException("the journal names partition " + partition + " of " + topic + ", which has only "
                    + queues.keySet() + ": the topic was made anew. Start a new run with another run.name.");
        }
        return queue;
    }

    private UserException gone(OffsetOutOfRangeException e) {
        String wanted = e.offsetOutOfRangePartitions().entrySet().stream()
                .map(entry -> "offset " + entry.getValue() + " of partition "
                        + entry.getKey().partition())
                .collect(Collectors.joining(", "));
        return new UserException(
                topic + " no longer holds " + wanted
                        + ", where this run stands: retention removed it or the topic was made anew."
                        + " Start a new run with another run.name, and raise the topic's retention.",
                e);
    }

    private static final class PartitionQueue {
        private final ArrayDeque<LoggedImage> images = new ArrayDeque<>();
        private long bytes;
        private long taken;

        PartitionQueue(long next) {
            this.taken = next;
        }

        void add(LoggedImage image) {
            images.add(image);
            bytes += image.file().length;
        }
    }
}

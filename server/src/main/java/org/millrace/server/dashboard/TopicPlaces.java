package org.millrace.server.dashboard;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.UserException;
import org.millrace.contract.kafka.TopicSetup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A reader's positions in topics that need not exist yet: which exist, and how much of their past has been read. Not thread safe. */
final class TopicPlaces {
    private static final Logger log = LoggerFactory.getLogger(TopicPlaces.class);
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final List<Wanted> wanted;
    private final String imagesTopic;
    private final Map<String, List<TopicPartition>> assigned = new HashMap<>();
    private final Map<TopicPartition, Long> past = new HashMap<>(); // end offsets when reading began
    private double share; // of that past, read so far
    private List<String> missing = List.of();
    private List<TopicPartition> images = List.of();
    private boolean looked; // which topics there are

    /** @param imagesTopic only its end offsets are read */
    TopicPlaces(List<Wanted> wanted, String imagesTopic) {
        this.wanted = wanted;
        this.imagesTopic = imagesTopic;
    }

    /**
     * A topic to read.
     *
     * @param newest records of each partition that are read of its past
     * @param expected whether the run has it by now; a user may have no right to ask for another's
     */
    record Wanted(String topic, long newest, BooleanSupplier expected) {
        static Wanted whole(String topic) {
            return new Wanted(topic, Long.MAX_VALUE, () -> true);
        }
    }

    /** Whether no topic exists yet. */
    boolean isEmpty() {
        return assigned.isEmpty();
    }

    /** Wanted topics that do not exist. */
    List<String> missing() {
        return missing;
    }

    /** The partitions of the images; none before their topic exists. */
    List<TopicPartition> images() {
        return images;
    }

    /** Share of the topics' past that has been read, in [0, 1]; absent once all of it has. */
    OptionalDouble reading() {
        return looked && past.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(share);
    }

    /** Forgets everything: the topics are read from their beginnings again. */
    void clear() {
        assigned.clear();
        past.clear();
        images = List.of();
        share = 0;
        looked = false;
    }

    /** Assigns topics that have been created since; false where the broker does not answer. */
    boolean assignNew(TopicSetup topics, KafkaConsumer<byte[], byte[]> consumer) {
        List<String> absent = new ArrayList<>();
        List<TopicPartition> fresh = new ArrayList<>();
        try {
            for (Wanted one : wanted) {
                String topic = one.topic();
                if (assigned.containsKey(topic) || !one.expected().getAsBoolean()) {
                    continue;
                }
                List<TopicPartition> found =
                        topics.describe(topic).map(TopicPlaces::partitions).orElse(List.of());
                if (found.isEmpty()) {
                    absent.add(topic);
                } else {
                    assigned.put(topic, found);
                    fresh.addAll(found);
                }
            }
            if (images.isEmpty()) {
                images = topics.describe(imagesTopic)
                        .map(TopicPlaces::partitions)
                        .orElse(List.of());
            }
            missing = List.copyOf(absent);
            if (!fresh.isEmpty()) {
                consumer.assign(assigned.values().stream().flatMap(List::stream).toList());
                begin(consumer, fresh);
            }
            looked = true;
            return true;
        } catch (UserException | KafkaException e) {
            fresh.forEach(partition -> assigned.remove(partition.topic()));
            log.debug("the broker does not answer", e);
            return false;
        }
    }

    private void begin(KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> fresh) {
        Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(fresh, PATIENCE);
        Map<TopicPartition, Long> ends = consumer.endOffsets(fresh, PATIENCE);
        for (TopicPartition partition : fresh) {
            long beginning = beginnings.getOrDefault(partition, 0L);
            long end = ends.getOrDefault(partition, 0L);
            consumer.seek(partition, Math.max(beginning, end - newest(partition.topic())));
            past.put(partition, end);
        }
    }

    /** Updates how much of the past has been read; none before the broker has said which topics there are. */
    void follow(KafkaConsumer<byte[], byte[]> consumer) {
        if (!looked) {
            return;
        }
        long read = 0;
        long all = 0;
        try {
            for (Map.Entry<TopicPartition, Long> end : past.entrySet()) {
                long position = consumer.position(end.getKey(), PATIENCE);
                read += Math.min(position, end.getValue());
                all += end.getValue();
            }
        } catch (KafkaException e) {
            log.debug("the progress of reading is unknown", e);
            return;
        }
        share = all == 0 ? 1 : Math.floor(100.0 * read / all) / 100;
        if (read >= all) {
            past.clear();
        }
    }

    private long newest(String topic) {
        return wanted.stream()
                .filter(one -> one.topic().equals(topic))
                .mapToLong(Wanted::newest)
                .findFirst()
                .orElseThrow();
    }

    private static List<TopicPartition> partitions(TopicDescription description) {
        return description.partitions().stream()
                .map(info -> new TopicPartition(description.name(), info.partition()))
                .toList();
    }
}

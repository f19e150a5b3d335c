package org.millrace.server.dashboard;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.BooleanSupplier;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.UserException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A reader's positions in topics that need not exist yet: which exist, and how much of their past has been read. Not thread safe. */
final class TopicPlaces {
    private static final Logger log = LoggerFactory.getLogger(TopicPlaces.class);
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final List<Wanted> wanted;
    private final String imagesTopic;
    private final Map<TopicPartition, Long> past = new HashMap<>(); // end offsets when reading began
    private List<TopicPartition> assigned = List.of();
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

    /** The partitions that the images have now; none before their topic exists. */
    List<TopicPartition> images() {
        return images;
    }

    /** Share of the topics' past that has been read, in [0, 1]; absent once all of it has. */
    OptionalDouble reading() {
        return looked && past.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(share);
    }

    /** Forgets everything: the topics are read from their beginnings again. */
    void clear() {
        assigned = List.of();
        past.clear();
        images = List.of();
        share = 0;
        looked = false;
    }

    /**
     * Assigns topics that have been created since, and partitions that topics have been given since; false where the broker does not answer.
     *
     * @param found how many partitions a topic has that may not exist, which is 0
     * @param consumer whose metadata say how many a topic has that exists; it refreshes them while it reads, and a broker that is away costs two seconds
     */
    boolean assignNew(ToIntFunction<String> found, Consumer<byte[], byte[]> consumer) {
        List<String> absent = new ArrayList<>();
        List<TopicPartition> all = new ArrayList<>(assigned);
        try {
            for (Wanted one : wanted) {
                List<TopicPartition> known = of(one.topic());
                if (!known.isEmpty()) {
                    all.addAll(added(known, consumer));
                } else if (one.expected().getAsBoolean()) {
                    int count = found.applyAsInt(one.topic());
                    all.addAll(partitions(one.topic(), 0, count));
                    if (count == 0) {
                        absent.add(one.topic());
                    }
                }
            }
            images = images.isEmpty()
                    ? partitions(imagesTopic, 0, found.applyAsInt(imagesTopic))
                    : Stream.concat(images.stream(), added(images, consumer).stream())
                            .toList();
            missing = List.copyOf(absent);
            if (all.size() > assigned.size()) {
                begin(consumer, all);
            }
            looked = true;
            return true;
        } catch (UserException | KafkaException e) {
            log.debug("the broker does not answer", e);
            return false;
        }
    }

    private void begin(Consumer<byte[], byte[]> consumer, List<TopicPartition> all) {
        List<TopicPartition> fresh = all.subList(assigned.size(), all.size());
        Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(fresh, PATIENCE);
        Map<TopicPartition, Long> ends = consumer.endOffsets(fresh, PATIENCE);
        consumer.assign(all); // positions of the earlier ones stay
        for (TopicPartition partition : fresh) {
            long beginning = beginnings.getOrDefault(partition, 0L);
            long end = ends.getOrDefault(partition, 0L);
            consumer.seek(partition, Math.max(beginning, end - newest(partition.topic())));
            if (of(partition.topic()).isEmpty()) { // a topic that is merely given partitions has no other past
                past.put(partition, end);
            }
        }
        assigned = List.copyOf(all);
    }

    private List<TopicPartition> of(String topic) {
        return assigned.stream()
                .filter(partition -> partition.topic().equals(topic))
                .toList();
    }

    // to a topic that exists
    private static List<TopicPartition> added(List<TopicPartition> known, Consumer<byte[], byte[]> consumer) {
        String topic = known.get(0).topic();
        return partitions(
                topic, known.size(), consumer.partitionsFor(topic, PATIENCE).size());
    }

    /** Updates how much of the past has been read; none before the broker has said which topics there are. */
    void follow(Consumer<byte[], byte[]> consumer) {
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

    private static List<TopicPartition> partitions(String topic, int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(partition -> new TopicPartition(topic, partition))
                .toList();
    }
}

package org.millrace.app.embed;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.apache.kafka.common.TopicPartition;

/** The partitions of images that are a worker's: of each, the offset up to which it is embedded and its state. Not thread safe. */
final class WorkerPartitions {
    private final Map<TopicPartition, PartitionState> states = new HashMap<>();
    private final Map<TopicPartition, Long> embedded = new HashMap<>();

    /** Adds a partition, or goes back to what is committed of it. */
    void put(TopicPartition partition, long offset, PartitionState state) {
        embedded.put(partition, offset);
        states.put(partition, state);
    }

    void remove(Collection<TopicPartition> partitions) {
        partitions.forEach(partition -> {
            states.remove(partition);
            embedded.remove(partition);
        });
    }

    Set<Integer> numbers() {
        Set<Integer> numbers = new TreeSet<>();
        states.keySet().forEach(partition -> numbers.add(partition.partition()));
        return numbers;
    }

    PartitionState state(TopicPartition partition) {
        return states.getOrDefault(partition, PartitionState.NEW);
    }

    /** The offset up to which a partition of this worker's is embedded. */
    long embedded(TopicPartition partition) {
        return Objects.requireNonNull(embedded.get(partition));
    }

    /** Images up to these offsets are embedded. */
    void embeddedTo(Map<TopicPartition, Long> offsets) {
        embedded.putAll(offsets);
    }

    /**
     * Notes that images from each partition's offset on are this encoder's, and which older ones become so.
     *
     * @param depth of a partition whose encoder changes
     */
    void takenOverBy(long version, Function<TopicPartition, Optional<PartitionState.Depth>> depth) {
        states.replaceAll((partition, state) -> state.encoder().orElse(-1) == version
                ? state
                : state.by(version, embedded(partition), depth.apply(partition)));
    }

    /** A partition with images to embed again. */
    Optional<TopicPartition> backfilling() {
        return states.entrySet().stream()
                .filter(entry -> entry.getValue().backfill().isPresent())
                .map(Map.Entry::getKey)
                .min(Comparator.comparingInt(TopicPartition::partition));
    }

    /** A backfill of the partition has come further. */
    void backfilled(TopicPartition partition, PartitionState moved) {
        states.put(partition, moved);
    }

    /** Offsets left to embed again, of all partitions. */
    long left() {
        return states.values().stream()
                .flatMap(state -> state.backfill().stream())
                .mapToLong(backfill -> backfill.end() - backfill.next())
                .sum();
    }
}

package org.millrace.app.disk;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.trainer.checkpoint.CheckpointFolder;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.run.RunSettings;

/**
 * Who still needs which images of a broker. A run needs those from its oldest checkpoint on, where it would begin again in the worst case,
 * and all of them where it has none here; a consumer group those that it has not read. Images that no run trains are needed as a whole.
 */
final class NeededImages {
    private final Map<TopicPartition, Need> needs = new HashMap<>();
    private final Map<String, String> whole = new TreeMap<>(); // topics of which nothing may go, and why
    private final Set<String> trained = new TreeSet<>(); // topics that runs train

    /**
     * From which offset on a partition is needed.
     *
     * @param by whom, in words
     */
    record Need(long from, String by) {}

    /** Asks runs and groups. Reads the beginnings of journals and the states of checkpoints. */
    static NeededImages of(MillraceConfig config, KafkaSettings kafka, ImageLogs logs) {
        NeededImages needed = new NeededImages();
        Set<String> topics = logs.topics();
        for (RunTopics run : RunTopics.among(topics)) {
            RunSettings.ofStart(kafka, run)
                    .map(settings -> settings.getOrDefault("images.topic", ""))
                    .filter(topics::contains)
                    .ifPresent(topic -> needed.add(run, topic, checkpoints(config, run), identity(kafka, topic)));
        }
        logs.committed().forEach(needed::add);
        return needed;
    }

    private static List<RunState> checkpoints(MillraceConfig config, RunTopics run) {
        return new CheckpointFolder(
                        config.run().data().resolve("runs").resolve(run.run()).resolve("checkpoints"), 1)
                .states();
    }

    private static LogIdentity identity(KafkaSettings kafka, String topic) {
        try (TopicSetup topics = new TopicSetup(kafka)) {
            return topics.identity(topic);
        }
    }

    /** Takes a run's checkpoints of that topic. */
    void add(RunTopics run, String topic, List<RunState> checkpoints, LogIdentity log) {
        trained.add(topic);
        List<RunState> here =
                checkpoints.stream().filter(state -> state.log().equals(log)).toList();
        if (here.isEmpty()) {
            whole.put(topic, "run " + run.run() + " has no checkpoint in this data folder");
        }
        for (RunState state : here) {
            state.nextOffsets()
                    .forEach((partition, offset) -> add(
                            new TopicPartition(topic, partition),
                            new Need(offset, "run " + run.run() + " goes on from there")));
        }
    }

    /** Takes what a group has read. */
    void add(String group, Map<TopicPartition, OffsetAndMetadata> read) {
        read.forEach((partition, offset) -> {
            if (offset != null) { // a partition of which the group has committed nothing
                add(partition, new Need(offset.offset(), "the consumer group " + group + " has read no further"));
            }
        });
    }

    private void add(TopicPartition partition, Need need) {
        needs.merge(partition, need, (one, other) -> one.from() <= other.from() ? one : other);
    }

    /** The topics that runs train, which alone may give up anything. */
    Set<String> topics() {
        return trained;
    }

    /** From where on a partition is needed; empty where all of it is, as {@link #why} says. */
    Optional<Need> of(TopicPartition partition) {
        return whole.containsKey(partition.topic()) ? Optional.empty() : Optional.ofNullable(needs.get(partition));
    }

    /** Why nothing of a topic may go, by topic. */
    Map<String, String> why() {
        return whole;
    }
}

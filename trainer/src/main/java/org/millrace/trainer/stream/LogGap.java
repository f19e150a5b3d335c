package org.millrace.trainer.stream;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.kafka.TopicReader;
import org.millrace.trainer.journal.JournalReader.JournalledPlan;
import org.millrace.trainer.journal.JournalReader.Past;

/**
 * What a run needs of its stream and the stream no longer has.
 *
 * @param what is gone, in words
 * @param goOnAt the nearest offsets at which the stream can go on, of each partition
 */
public record LogGap(String what, Map<Integer, Long> goOnAt) {
    public LogGap {
        goOnAt = new TreeMap<>(goOnAt);
    }

    /**
     * A log as it is now.
     *
     * @param held what each partition holds
     */
    public record Log(String topic, LogIdentity identity, Map<Integer, OffsetRange> held) {
        public static Log of(Consumer<byte[], byte[]> consumer, String topic, LogIdentity identity) {
            List<TopicPartition> partitions = TopicReader.partitions(consumer, topic);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            Map<Integer, OffsetRange> held = new TreeMap<>();
            consumer.beginningOffsets(partitions)
                    .forEach((partition, beginning) -> held.put(
                            partition.partition(),
                            new OffsetRange(
                                    partition.partition(), beginning, ends.getOrDefault(partition, beginning))));
            return new Log(topic, identity, held);
        }

        /** Where a run stands in each partition; in one that it has not read yet, its beginning. */
        public Map<Integer, Long> nextOffsets(StreamPosition position) {
            Map<Integer, Long> next = new TreeMap<>();
            held.forEach((partition, range) ->
                    next.put(partition, position.nextOffsets().getOrDefault(partition, range.from())));
            return next;
        }

        /** The gap where the log lost its end and has another one since. */
        public LogGap divergedFrom(StreamPosition position, Map<Integer, Long> diverged) {
            Map<Integer, Long> goOnAt = new TreeMap<>(position.nextOffsets());
            goOnAt.putAll(diverged);
            return new LogGap(
                    topic + " lost its end from the offsets " + diverged + " on, and goes on differently.", goOnAt);
        }
    }

    /**
     * Compares where a run stands, and what it has planned from there, with the log.
     *
     * @param then the log that its position belongs to, where that is known
     */
    public static Optional<LogGap> find(StreamPosition position, Optional<LogIdentity> then, Past past, Log now) {
        Map<Integer, Long> stands =
                new HashMap<>(position.nextOffsets()); // the plans behind it are void once this is skipped
        (past.plans().isEmpty() ? past.skippedAfter() : past.plans().get(0).skippedBefore())
                .ifPresent(skip -> stands.putAll(skip.nextOffsets()));
        Map<Integer, Long> next = new HashMap<>(stands);
        Optional<LogIdentity> log = then;
        List<String> gone = new ArrayList<>();
        for (JournalledPlan journalled : past.plans()) {
            Optional<LogIdentity> before = log;
            log = journalled.skippedBefore().map(StreamSkipped::log).or(() -> before);
            journalled.skippedBefore().ifPresent(skip -> next.putAll(skip.nextOffsets()));
            if (log.isPresent() && !log.get().equals(now.identity())) {
                return Optional.of(otherLog(now.topic(), log.get(), now));
            }
            for (OffsetRange range : journalled.plan().ranges()) {
                OffsetRange held = now.held().getOrDefault(range.partition(), new OffsetRange(range.partition(), 0, 0));
                lacking(range.partition(), range.from(), range.to(), held, now.topic())
                        .map(words -> "step " + journalled.plan().step() + " planned to train " + words)
                        .ifPresent(gone::add);
                next.put(range.partition(), range.to());
            }
        }
        Optional<LogIdentity> before = log;
        Optional<LogIdentity> last = past.skippedAfter().map(StreamSkipped::log).or(() -> before);
        past.skippedAfter().ifPresent(skip -> next.putAll(skip.nextOffsets()));
        if (last.isPresent() && !last.get().equals(now.identity())) {
            return Optional.of(otherLog(now.topic(), last.get(), now));
        }
        Map<Integer, Long> goOnAt = new TreeMap<>();
        now.held().forEach((partition, held) -> {
            long wanted = next.getOrDefault(partition, held.from());
            lacking(partition, wanted, wanted, held, now.topic())
                    .map(words -> "the run stands before " + words)
                    .ifPresent(gone::add);
            long start = stands.getOrDefault(partition, held.from());
            goOnAt.put(partition, Math.min(Math.max(start, held.from()), held.to()));
        });
        return gone.isEmpty() ? Optional.empty() : Optional.of(new LogGap(summary(gone), goOnAt));
    }

    static LogGap otherLog(String topic, LogIdentity then, Log now) {
        Map<Integer, Long> beginnings = new TreeMap<>();
        now.held().forEach((partition, held) -> beginnings.put(partition, held.from()));
        return new LogGap(notTheSame(topic, then, now.identity()), beginnings);
    }

    /** The message for a topic that is not the log that a run has read. */
    public static String notTheSame(String topic, LogIdentity then, LogIdentity now) {
        return then.cluster().equals(now.cluster())
                ? "the topic " + topic + " was deleted and created again since this run trained from it: its id was "
                        + then.topicId() + " and is " + now.topicId() + " now, so its offsets name other images."
                : "this is another Kafka cluster than the one that this run trained from: its id was " + then.cluster()
                        + " and is " + now.cluster() + " now, so the offsets of " + topic + " name other images.";
    }

    private static Optional<String> lacking(int partition, long from, long to, OffsetRange held, String topic) {
        if (from < held.from()) {
            return Optional.of("offset " + from + " of partition " + partition + " of " + topic
                    + ", whose log begins at " + held.from() + " now: retention or a deletion removed it.");
        }
        return to > held.to()
                ? Optional.of("offset " + to + " of partition " + partition + " of " + topic + ", whose log ends at "
                        + held.to() + ": the log lost its end.")
                : Optional.empty();
    }

    private static String summary(List<String> gone) {
        return gone.get(0) + (gone.size() > 1 ? " (" + (gone.size() - 1) + " more)" : "");
    }
}

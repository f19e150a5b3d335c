package org.millrace.app.runs;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.RunTopics;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;

/**
 * The end of a journal, without reading the millions of records before it.
 *
 * @param last the newest step's result
 * @param newestMillis Unix time of the newest record that can be read
 */
record JournalTail(Optional<StepDone> last, OptionalLong newestMillis) {
    private static final long FIRST_LOOK = 1_000; // offsets, of which the ends of transactions take some

    /** Reads the topic, which must exist, backwards in growing pieces until a step's result is found. */
    static JournalTail read(KafkaSettings kafka, RunTopics run) {
        TopicPartition partition = new TopicPartition(run.steps(), 0);
        try (var consumer =
                new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of("allow.auto.create.topics", "false")))) {
            consumer.assign(Set.of(partition));
            long begin = consumer.beginningOffsets(Set.of(partition)).getOrDefault(partition, 0L);
            long end = consumer.endOffsets(Set.of(partition)).getOrDefault(partition, 0L);
            for (long look = FIRST_LOOK; ; look *= 8) {
                long from = Math.max(begin, end - look);
                JournalTail tail = read(consumer, partition, from, end);
                if (tail.last().isPresent() || from == begin) {
                    return tail;
                }
            }
        }
    }

    private static JournalTail read(
            KafkaConsumer<byte[], byte[]> consumer, TopicPartition partition, long from, long end) {
        RecordReader<JournalEvent> records = RecordReader.ofJson(JournalEvent.class);
        @Nullable StepDone[] last = new StepDone[1];
        long[] newest = {-1};
        TopicReader.read(consumer, partition, from, end, record -> {
            newest[0] = Math.max(newest[0], record.timestamp());
            records.read(record).ifPresent(event -> {
                if (event instanceof StepDone done) {
                    last[0] = done;
                }
            });
        });
        return new JournalTail(
                Optional.ofNullable(last[0]), newest[0] < 0 ? OptionalLong.empty() : OptionalLong.of(newest[0]));
    }
}

package org.millrace.contract.event;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records of a topic as values. A record that cannot be read is counted, named in the log and left out, so that one record never stops a
 * reader. Several readers of a process may find the same record, some again and again: the process names it once, and of each partition
 * only the first hundred. Not thread safe.
 */
public final class RecordReader<T> {
    private static final Logger log = LoggerFactory.getLogger(RecordReader.class);
    private static final int MOST_NAMED = 100;
    /** Offsets named so far, by topic and partition: a state of the log, which the process has one of. */
    private static final ConcurrentHashMap<String, Set<Long>> NAMED = new ConcurrentHashMap<>();

    private final Function<byte[], ? extends T> format;
    private long count;
    private @Nullable Unreadable latest;

    /** @param format throws any RuntimeException for bytes that are none of its values */
    public RecordReader(Function<byte[], ? extends T> format) {
        this.format = format;
    }

    /** Of JSON. */
    public static <T> RecordReader<T> ofJson(Class<T> type) {
        return new RecordReader<>(json -> Json.read(json, type));
    }

    /** The record's value; empty where it has none or cannot be read. */
    public Optional<T> read(ConsumerRecord<byte[], byte[]> record) {
        return read(record.topic(), record.partition(), record.offset(), record.value());
    }

    public Optional<T> read(String topic, int partition, long offset, byte @Nullable [] value) {
        if (value == null) {
            leaveOut(new Unreadable(topic, partition, offset, "it has no value"));
            return Optional.empty();
        }
        try {
            return Optional.of(format.apply(value));
        } catch (RuntimeException e) {
            leaveOut(new Unreadable(topic, partition, offset, String.valueOf(e.getMessage())));
            return Optional.empty();
        }
    }

    /** Counts and names a record whose value makes no sense to the caller. */
    public void leaveOut(ConsumerRecord<byte[], byte[]> record, String why) {
        leaveOut(new Unreadable(record.topic(), record.partition(), record.offset(), why));
    }

    private void leaveOut(Unreadable record) {
        count++;
        latest = record;
        Set<Long> named = NAMED.computeIfAbsent(record.topic() + "/" + record.partition(), place -> new HashSet<>());
        synchronized (named) {
            if (named.size() >= MOST_NAMED || !named.add(record.offset())) {
                return;
            }
            log.warn(
                    "left out: {}{}",
                    record.words(),
                    named.size() < MOST_NAMED ? "" : "; more of this partition are left out without a word");
        }
    }

    /** Records left out so far. */
    public long unreadable() {
        return count;
    }

    /** The one left out last. */
    public Optional<Unreadable> latest() {
        return Optional.ofNullable(latest);
    }
}

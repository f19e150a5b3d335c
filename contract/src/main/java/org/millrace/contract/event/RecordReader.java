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
 * only the first hundred. Of those written before the process began, which every start meets again, only the first of a partition is a
 * warning, and the others are at debug. Not thread safe.
 */
public final class RecordReader<T> {
    private static final Logger log = LoggerFactory.getLogger(RecordReader.class);
    private static final int MOST_NAMED = 100;
    private static final long BEGIN_MILLIS = System.currentTimeMillis();
    /** Offsets named so far, by topic and partition: a state of the log, which the process has one of. */
    private static final ConcurrentHashMap<String, Named> NAMED = new ConcurrentHashMap<>();

    /** Offsets of a partition. */
    private static final class Named {
        private final Set<Long> beforeThisProcess = new HashSet<>();
        private final Set<Long> since = new HashSet<>();
    }

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
        return read(record.topic(), record.partition(), record.offset(), record.timestamp(), record.value());
    }

    /** @param atMillis Unix time of the record */
    public Optional<T> read(String topic, int partition, long offset, long atMillis, byte @Nullable [] value) {
        boolean old = atMillis < BEGIN_MILLIS;
        if (value == null) {
            leaveOut(new Unreadable(topic, partition, offset, "it has no value"), old);
            return Optional.empty();
        }
        try {
            return Optional.of(format.apply(value));
        } catch (RuntimeException e) {
            leaveOut(new Unreadable(topic, partition, offset, String.valueOf(e.getMessage())), old);
            return Optional.empty();
        }
    }

    /** Counts and names a record whose value makes no sense to the caller. */
    public void leaveOut(ConsumerRecord<byte[], byte[]> record, String why) {
        leaveOut(
                new Unreadable(record.topic(), record.partition(), record.offset(), why),
                record.timestamp() < BEGIN_MILLIS);
    }

    private void leaveOut(Unreadable record, boolean old) {
        count++;
        latest = record;
        Named named = NAMED.computeIfAbsent(record.topic() + "/" + record.partition(), place -> new Named());
        synchronized (named) {
            Set<Long> offsets = old ? named.beforeThisProcess : named.since;
            if (offsets.size() >= MOST_NAMED || !offsets.add(record.offset())) {
                return;
            }
            if (!old) {
                String more = offsets.size() < MOST_NAMED ? "" : "; more of this partition are left out without a word";
                log.warn("left out: {}{}", record.words(), more);
            } else if (offsets.size() == 1) {
                log.warn(
                        "left out: {}; others that this partition held before this start are named at log.level=debug",
                        record.words());
            } else {
                log.debug("left out: {}", record.words());
            }
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

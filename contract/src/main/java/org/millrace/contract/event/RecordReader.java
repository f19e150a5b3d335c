package org.millrace.contract.event;

import java.util.Optional;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Records of a topic as values. A record that cannot be read is counted, named in the log ({@link UnreadableLog}) and left out, so that one
 * record never stops a reader. Not thread safe.
 */
public final class RecordReader<T> {
    private static final long BEGIN_MILLIS = System.currentTimeMillis();

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
        UnreadableLog.ofProcess().writeDue();
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
        UnreadableLog.ofProcess().add(record, old);
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

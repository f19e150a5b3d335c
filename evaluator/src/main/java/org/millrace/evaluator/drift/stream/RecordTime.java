package org.millrace.evaluator.drift.stream;

import java.time.Clock;
import java.time.Duration;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.millrace.contract.event.Unreadable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A record's own time. One without a time, or more than an hour ahead of this machine's clock, is left out: it would close every window
 * at once, and all later ones would be late.
 */
final class RecordTime implements TimestampExtractor {
    private static final Logger log = LoggerFactory.getLogger(RecordTime.class);
    private static final long AHEAD_MILLIS = Duration.ofHours(1).toMillis();
    private static final long LEFT_OUT = -1; // as Kafka Streams has it

    private final Clock clock;
    private boolean said;

    RecordTime(Clock clock) {
        this.clock = clock;
    }

    @Override
    public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
        long millis = record.timestamp();
        if (millis >= 0 && millis <= clock.millis() + AHEAD_MILLIS) {
            return millis;
        }
        if (!said) {
            said = true;
            String why = "its time, " + millis
                    + ", is missing or in the future; further ones are left out without a message";
            log.warn("left out: {}", new Unreadable(record.topic(), record.partition(), record.offset(), why).words());
        }
        return LEFT_OUT;
    }
}

package org.millrace.app.embed;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.kafka.KafkaSettings;

/**
 * Images of a partition that backfills embed again, in order, read by a consumer outside the group. Goes on where it stopped, and seeks only
 * where another partition or offset is wanted. Not thread safe; the owner closes it.
 */
final class PastImages {
    private static final Duration POLL = Duration.ofMillis(200);

    private final Consumer<byte[], byte[]> consumer;
    private @Nullable TopicPartition partition;

    /** @param reading a consumer's settings without a group */
    PastImages(KafkaSettings kafka, Map<String, Object> reading) {
        this.consumer = new KafkaConsumer<>(kafka.consumer(reading));
    }

    /**
     * Images of a backfill.
     *
     * @param next first offset behind them
     */
    record Batch(List<ConsumerRecord<byte[], byte[]>> images, long next) {}

    /** The next images of a backfill that come within a fifth of a second; deleted ones are skipped. */
    Batch next(TopicPartition of, PartitionState.Backfill wanted) {
        if (!of.equals(partition) || consumer.position(of) != wanted.next()) {
            consumer.assign(List.of(of));
            consumer.seek(of, Math.max(wanted.next(), beginning(of)));
            partition = of;
        }
        List<ConsumerRecord<byte[], byte[]>> images = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
            if (record.offset() < wanted.end()) {
                images.add(record);
            }
        }
        return new Batch(images, consumer.position(of));
    }

    private long beginning(TopicPartition of) {
        return consumer.beginningOffsets(List.of(of)).getOrDefault(of, 0L);
    }

    void close(Duration timeout) {
        consumer.close(CloseOptions.timeout(timeout));
    }
}

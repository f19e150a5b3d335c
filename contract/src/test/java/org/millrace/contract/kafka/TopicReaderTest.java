package org.millrace.contract.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.internals.AutoOffsetResetStrategy.StrategyType;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

final class TopicReaderTest {
    private static final TopicPartition PARTITION = new TopicPartition("main.steps", 0);

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>(StrategyType.NONE.toString());
    private final List<Long> read = new ArrayList<>();

    @Test
    void read_recordsComeMeanwhile_endsWhereTheTopicEndedAndIsLeftThere() {
        topic(2, 7, 5);
        TopicReader.read(consumer, List.of(PARTITION), record -> read.add(record.offset()));
        assertThat(read).containsExactly(2L, 3L, 4L);
        assertThat(consumer.position(PARTITION)).isEqualTo(5);
    }

    @Test
    void read_startsGiven_notBeforeTheBeginning() {
        topic(2, 7, 7);
        TopicReader.read(
                consumer, List.of(PARTITION), partition -> OptionalLong.of(5), record -> read.add(record.offset()));
        assertThat(read).containsExactly(5L, 6L);
        read.clear();
        topic(2, 7, 7);
        TopicReader.read(
                consumer, List.of(PARTITION), partition -> OptionalLong.of(0), record -> read.add(record.offset()));
        assertThat(read).startsWith(2L).hasSize(5);
    }

    @Test
    void read_range_isThatAlone() {
        topic(2, 7, 7);
        TopicReader.read(consumer, PARTITION, 3, 6, record -> read.add(record.offset()));
        assertThat(read).containsExactly(3L, 4L, 5L);
        assertThat(consumer.position(PARTITION)).isEqualTo(6);
    }

    /** @param end what is said to be the end when it is asked for */
    private void topic(long beginning, long until, long end) {
        consumer.updateBeginningOffsets(Map.of(PARTITION, beginning));
        consumer.updateEndOffsets(Map.of(PARTITION, end));
        consumer.schedulePollTask(() -> {
            for (long offset = beginning; offset < until; offset++) {
                consumer.addRecord(new ConsumerRecord<>("main.steps", 0, offset, new byte[0], new byte[0]));
            }
        });
    }
}

package org.millrace.ingest.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class WatchMemoryTest {
    private static final TopicPartition WATCHED = new TopicPartition("images.watched", 0);

    @Test
    void read_recordsThatCannotBeRead_areLeftOutAndOthersRemembered() {
        var consumer = new MockConsumer<byte[], byte[]>("none");
        var memory = new WatchMemory("images.watched", "folder");
        var file = new WatchMemory.Remembered(1, 5, 7, "ab");
        byte @Nullable [][] values = {
            bytes("no json"),
            bytes("null"),
            null,
            bytes("{}"),
            bytes("[1]"),
            memory.record("x", file).value()
        };
        consumer.schedulePollTask(() -> {
            consumer.addRecord(record(0, null, bytes("{}")));
            for (int i = 0; i < values.length; i++) {
                consumer.addRecord(record(1 + i, bytes("folder!" + i), values[i]));
            }
        });
        consumer.updateBeginningOffsets(Map.of(WATCHED, 0L));
        consumer.updateEndOffsets(Map.of(WATCHED, 1L + values.length));
        memory.read(consumer);
        assertThat(List.of("0", "1", "2", "3", "4"))
                .noneMatch(name -> memory.of(name).isPresent());
        assertThat(memory.of("5")).hasValue(file);
    }

    private static ConsumerRecord<byte[], byte[]> record(long offset, byte @Nullable [] key, byte @Nullable [] value) {
        return new ConsumerRecord<>(WATCHED.topic(), 0, offset, key, value);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

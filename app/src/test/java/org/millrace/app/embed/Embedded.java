package org.millrace.app.embed;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;

/** What is on a topic of embeddings, as a reader of committed records sees it. */
public final class Embedded {
    private Embedded() {}

    /** Every committed record of a topic. */
    public static List<ConsumerRecord<byte[], byte[]>> records(KafkaSettings kafka, String topic) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            TopicReader.read(consumer, TopicReader.partitions(consumer, topic), records::add);
        }
        return records;
    }

    /** How often each image was embedded by that policy, and by which encoder: {@code partition/offset encoder}. */
    public static Map<String, Integer> times(List<ConsumerRecord<byte[], byte[]>> records, String policy) {
        Map<String, Integer> times = new TreeMap<>();
        records.stream()
                .filter(record -> text(record, "policy").equals(policy))
                .forEach(record -> times.merge(
                        text(record, "partition") + "/" + text(record, "offset") + " " + text(record, "encoder"),
                        1,
                        Integer::sum));
        return times;
    }

    /** A header's text. */
    public static String text(ConsumerRecord<byte[], byte[]> record, String header) {
        var found = record.headers().lastHeader(header);
        return found == null ? "" : new String(found.value(), StandardCharsets.UTF_8);
    }

    /** A float32 value. */
    public static float[] floats(byte[] value) {
        float[] floats = new float[value.length / Float.BYTES];
        ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
        return floats;
    }
}

package org.millrace.app.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;

/** What a topic holds now, for assertions. */
public final class LoggedRecords {
    private LoggedRecords() {}

    /** Its records from the beginning; none where there is no such topic. */
    public static List<ConsumerRecord<byte[], byte[]>> of(KafkaSettings kafka, String topic) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        try (var consumer =
                new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of("allow.auto.create.topics", "false")))) {
            TopicReader.read(consumer, TopicReader.partitions(consumer, topic), records::add);
        }
        return records;
    }
}

package org.millrace.app.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;

/** What a topic holds now, for assertions and for a topic that holds the same. */
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

    /**
     * Appends records of one topic, by their place in it, to the only partition of another, which is created where it is missing. With their
     * times, too, which a replay buffer keeps.
     */
    static void copy(KafkaSettings kafka, String topic, int from, int to, String other) throws Exception {
        try (Admin admin = Admin.create(kafka.admin());
                var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(Map.of()))) {
            if (!admin.listTopics().names().get().contains(other)) {
                admin.createTopics(List.of(new NewTopic(other, 1, (short) 1)))
                        .all()
                        .get();
            }
            for (ConsumerRecord<byte[], byte[]> record : of(kafka, topic).subList(from, to)) {
                producer.send(new ProducerRecord<>(
                                other, 0, record.timestamp(), record.key(), record.value(), record.headers()))
                        .get();
            }
        }
    }
}

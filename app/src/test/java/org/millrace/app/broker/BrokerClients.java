package org.millrace.app.broker;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.millrace.app.run.PatientKafka;
import org.millrace.contract.kafka.KafkaSettings;

/** Clients of the broker under test: write numbered records to a topic and read them back. */
final class BrokerClients {
    static final String TOPIC = "numbers";

    private final KafkaSettings kafka;

    BrokerClients(String bootstrapServers) {
        this.kafka = PatientKafka.at(bootstrapServers);
    }

    String clusterId() throws Exception {
        try (Admin admin = Admin.create(kafka.admin())) {
            return admin.describeCluster().clusterId().get();
        }
    }

    void createTopic() throws Exception {
        try (Admin admin = Admin.create(kafka.admin())) {
            admin.createTopics(List.of(new NewTopic(TOPIC, Optional.of(1), Optional.empty())))
                    .all()
                    .get();
        }
    }

    /** Sends the numbers and waits for every acknowledgement. */
    void produce(int from, int to) throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(Map.of()))) {
            for (int i = from; i < to; i++) {
                sent.add(producer.send(
                        new ProducerRecord<>(TOPIC, String.valueOf(i).getBytes(StandardCharsets.UTF_8))));
            }
            for (Future<RecordMetadata> acknowledgement : sent) {
                acknowledgement.get();
            }
        }
    }

    /** Reads the topic from its beginning to its end. */
    List<Integer> consume() {
        TopicPartition partition = new TopicPartition(TOPIC, 0);
        List<Integer> numbers = new ArrayList<>();
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
            while (consumer.position(partition) < end) {
                consumer.poll(Duration.ofSeconds(1))
                        .forEach(r -> numbers.add(Integer.parseInt(new String(r.value(), StandardCharsets.UTF_8))));
            }
        }
        return numbers;
    }
}

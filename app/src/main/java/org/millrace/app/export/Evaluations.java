package org.millrace.app.export;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.Json;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;

/**
 * The scores of one version of an encoder.
 *
 * @param found in the order in which they were published
 * @param note why there are none, or may be others; blank where nothing need be said
 */
public record Evaluations(List<Evaluation> found, String note) {
    private static final Duration POLL = Duration.ofMillis(200);

    public Evaluations {
        found = List.copyOf(found);
    }

    /** None, because the topic could not be read. */
    public static Evaluations unread(String why) {
        return new Evaluations(List.of(), "The run's evaluations were not read: " + why);
    }

    /** Reads the topic of evaluations up to its present end. */
    public static Evaluations read(KafkaSettings kafka, String topic, long version) {
        try (TopicSetup topics = new TopicSetup(kafka)) {
            if (topics.describe(topic).isEmpty()) {
                return new Evaluations(
                        List.of(), "No encoder of this run was evaluated: there is no topic " + topic + ".");
            }
        }
        List<Evaluation> found = new ArrayList<>();
        var partition = new TopicPartition(topic, 0);
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            consumer.assign(Set.of(partition));
            consumer.seekToBeginning(Set.of(partition));
            long end = consumer.endOffsets(Set.of(partition)).getOrDefault(partition, 0L);
            while (consumer.position(partition) < end) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    Evaluation evaluation = Json.read(record.value(), Evaluation.class);
                    if (evaluation.version() == version) {
                        found.add(evaluation);
                    }
                }
            }
        }
        return new Evaluations(
                found,
                found.isEmpty()
                        ? "The encoder of this step was not evaluated (only published encoders are; trainer.publish-every-steps)."
                        : "");
    }
}

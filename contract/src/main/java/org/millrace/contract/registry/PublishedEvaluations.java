package org.millrace.contract.registry;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.millrace.contract.RunTopics;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.EvaluationEvent;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;
import org.millrace.contract.kafka.TopicSetup;

/**
 * The evaluations that stand on a run's topic now.
 *
 * @param all the newest of each version that is not revoked, in the order in which the versions were first scored
 * @param standings what they and the operator's words come to
 */
public record PublishedEvaluations(List<Evaluation> all, Standings standings) {
    private static final String TOPIC = new RunTopics("R").evaluations().substring(1);

    public PublishedEvaluations {
        all = List.copyOf(all);
    }

    /** Reads the topic to its present end; there are none where it does not exist. */
    public static PublishedEvaluations read(KafkaSettings kafka, RunTopics topics) {
        try (TopicSetup setup = new TopicSetup(kafka)) {
            if (setup.describe(topics.evaluations()).isEmpty()) {
                return new PublishedEvaluations(List.of(), new Standings());
            }
        }
        try (var consumer =
                new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of("allow.auto.create.topics", "false")))) {
            return read(consumer, topics);
        }
    }

    /** Names of the runs that have such a topic, ascending. */
    public static List<String> runs(KafkaSettings kafka) {
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            return consumer.listTopics().keySet().stream()
                    .filter(topic -> topic.endsWith(TOPIC))
                    .map(topic -> topic.substring(0, topic.length() - TOPIC.length()))
                    .filter(RunTopics::isName)
                    .sorted()
                    .toList();
        }
    }

    static PublishedEvaluations read(Consumer<byte[], byte[]> consumer, RunTopics topics) {
        Map<Long, Evaluation> all = new LinkedHashMap<>();
        Standings standings = new Standings();
        RecordReader<EvaluationEvent> records = RecordReader.ofJson(EvaluationEvent.class);
        TopicReader.read(
                consumer,
                TopicReader.partitions(consumer, topics.evaluations()),
                record -> records.read(record).ifPresent(event -> {
                    standings.accept(event);
                    if (event instanceof Evaluation evaluation) {
                        all.put(evaluation.version(), evaluation);
                    }
                }));
        all.keySet().removeIf(standings::isRevoked);
        return new PublishedEvaluations(List.copyOf(all.values()), standings);
    }
}

package org.millrace.evaluator;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.millrace.contract.RunTopics;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.EvaluationEvent;
import org.millrace.contract.event.Json;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;

/**
 * The evaluations that stand on a run's topic now.
 *
 * @param all in the order in which they were published, but for those of revoked encoders
 * @param standings what they and the operator's words come to
 */
public record PublishedEvaluations(List<Evaluation> all, Standings standings) {
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

    static PublishedEvaluations read(Consumer<byte[], byte[]> consumer, RunTopics topics) {
        List<Evaluation> all = new ArrayList<>();
        Standings standings = new Standings();
        TopicReader.read(
                consumer,
                TopicReader.partitions(consumer, topics.evaluations()),
                partition -> OptionalLong.empty(),
                record -> event(record.value()).forEach(event -> {
                    standings.accept(event);
                    if (event instanceof Evaluation evaluation) {
                        all.add(evaluation);
                    }
                }));
        all.removeIf(evaluation -> standings.isRevoked(evaluation.version()));
        return new PublishedEvaluations(all, standings);
    }

    // the evaluator has said already what is no event
    private static List<EvaluationEvent> event(byte[] value) {
        try {
            return value == null ? List.of() : List.of(Json.read(value, EvaluationEvent.class));
        } catch (UncheckedIOException e) {
            return List.of();
        }
    }
}

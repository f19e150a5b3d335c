package org.millrace.evaluator;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.evaluator.probe.ProbeFeed;
import org.millrace.evaluator.probe.ProbeSet;

/** Reads the probe set without changing its file, also beside an evaluator that keeps it. */
public final class ProbeSets {
    private ProbeSets() {}

    /** The set in the run's folder, with what has come on the topic since. */
    public static ProbeSet read(MillraceConfig config, KafkaSettings kafka, Predicate<byte[]> decodes) {
        try (TopicSetup topics = new TopicSetup(kafka)) {
            topics.require(config.images().probeTopic());
        }
        try (var consumer =
                new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of("allow.auto.create.topics", "false")))) {
            return read(config, consumer, decodes);
        }
    }

    static ProbeSet read(MillraceConfig config, Consumer<byte[], byte[]> consumer, Predicate<byte[]> decodes) {
        ProbeFeed feed = new ProbeFeed(config.evaluator(), config.run().folder(), decodes);
        List<TopicPartition> partitions =
                TopicReader.partitions(consumer, config.images().probeTopic());
        boolean replaced = consumer.endOffsets(partitions).entrySet().stream()
                .anyMatch(end -> feed.nextOffset(end.getKey().partition()).orElse(0) > end.getValue());
        if (replaced) {
            feed.forget(); // the topic is another one than the set was read from
        }
        TopicReader.read(consumer, partitions, feed::nextOffset, feed::accept);
        return feed.set();
    }
}

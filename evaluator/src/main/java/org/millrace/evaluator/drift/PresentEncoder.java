package org.millrace.evaluator.drift;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.evaluator.Embedder;
import org.millrace.evaluator.EmbedderFactory;
import org.millrace.evaluator.PublishedEncoder;
import org.millrace.evaluator.PublishedEncoders;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The encoder that users of a run take now, loaded; looks for another one every few seconds. Used by the thread that made it, which closes
 * it.
 */
final class PresentEncoder implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PresentEncoder.class);
    private static final long LOOK_MILLIS = 5_000;

    private final KafkaSettings kafka;
    private final RunTopics topics;
    private final EmbedderFactory embedders;
    private final Clock clock;
    private final Consumer<byte[], byte[]> consumer;
    private Map<TopicPartition, Long> seen = Map.of(); // ends of the topics at the last look
    private long lookAgainMillis;
    private @Nullable Loaded loaded;

    /** An encoder and what it is called. */
    record Loaded(long version, Embedder embedder) {}

    PresentEncoder(MillraceConfig config, KafkaSettings kafka, EmbedderFactory embedders, Clock clock) {
        this.kafka = kafka;
        this.topics = config.run().topics();
        this.embedders = embedders;
        this.clock = clock;
        this.consumer = new KafkaConsumer<>(kafka.consumer(Map.of("allow.auto.create.topics", "false")));
    }

    /** The one that was found last; empty where none could be loaded yet. */
    Optional<Loaded> newest() {
        if (clock.millis() >= lookAgainMillis) {
            look();
            lookAgainMillis = clock.millis() + LOOK_MILLIS;
        }
        return Optional.ofNullable(loaded);
    }

    private void look() {
        Map<TopicPartition, Long> ends = consumer.endOffsets(
                List.of(new TopicPartition(topics.encoders(), 0), new TopicPartition(topics.evaluations(), 0)));
        if (ends.equals(seen)) {
            return;
        }
        seen = ends;
        try {
            PublishedEncoder newest = PublishedEncoders.newest(kafka, topics);
            long version = newest.manifest().version();
            if (loaded == null || loaded.version() != version) {
                var next = new Loaded(version, embedders.load(newest.manifest(), newest.safetensors()));
                close(loaded);
                loaded = next;
            }
        } catch (UserException | IllegalArgumentException e) {
            log.warn("changes are attributed to the encoder taken before: {}", e.getMessage());
        }
    }

    @Override
    public void close() {
        close(loaded);
        consumer.close(CloseOptions.timeout(Duration.ofSeconds(2)));
    }

    private static void close(@Nullable Loaded encoder) {
        if (encoder != null) {
            encoder.embedder().close();
        }
    }
}

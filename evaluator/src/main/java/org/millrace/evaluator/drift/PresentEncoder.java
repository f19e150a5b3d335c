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
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.evaluator.Embedder;
import org.millrace.evaluator.EmbedderFactory;
import org.millrace.evaluator.EncoderAssembler;
import org.millrace.evaluator.PublishedEncoder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The newest encoder of a run's topic, loaded; looks for a newer one every few seconds. Used by the thread that made it, which closes it. */
final class PresentEncoder implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PresentEncoder.class);
    private static final long LOOK_MILLIS = 5_000;

    private final Consumer<byte[], byte[]> consumer;
    private final EncoderAssembler assembler = new EncoderAssembler();
    private final EmbedderFactory embedders;
    private final Clock clock;
    private long lookAgainMillis;
    private @Nullable Loaded loaded;

    /** An encoder and what it is called. */
    record Loaded(long version, Embedder embedder) {}

    PresentEncoder(MillraceConfig config, KafkaSettings kafka, EmbedderFactory embedders, Clock clock) {
        this.embedders = embedders;
        this.clock = clock;
        this.consumer = new KafkaConsumer<>(kafka.consumer(Map.of("allow.auto.create.topics", "false")));
        var partition = new TopicPartition(config.run().topics().encoders(), 0);
        consumer.assign(List.of(partition));
        consumer.seekToBeginning(List.of(partition));
    }

    /** The newest one that was found; empty where none could be loaded yet. */
    Optional<Loaded> newest() {
        if (clock.millis() >= lookAgainMillis) {
            look();
            lookAgainMillis = clock.millis() + LOOK_MILLIS;
        }
        return Optional.ofNullable(loaded);
    }

    private void look() {
        PublishedEncoder newest = null;
        for (var records = consumer.poll(Duration.ofMillis(200));
                !records.isEmpty();
                records = consumer.poll(Duration.ofMillis(200))) {
            for (var record : records) {
                PublishedEncoder found =
                        assembler.accept(record.key(), record.value()).orElse(newest);
                newest = found;
            }
        }
        if (newest == null || (loaded != null && newest.manifest().version() <= loaded.version())) {
            return;
        }
        try {
            var next = new Loaded(newest.manifest().version(), embedders.load(newest.manifest(), newest.safetensors()));
            close(loaded);
            loaded = next;
        } catch (IllegalArgumentException e) {
            log.warn("encoder {} cannot be loaded: {}", newest.manifest().version(), e.getMessage());
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

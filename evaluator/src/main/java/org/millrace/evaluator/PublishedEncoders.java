package org.millrace.evaluator;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;

/** The encoders that stand on a run's topic now. */
public final class PublishedEncoders {
    private PublishedEncoders() {}

    /** The newest encoder; throws {@link UserException} where there is none. */
    public static PublishedEncoder newest(KafkaSettings kafka, RunTopics topics) {
        return find(kafka, topics, OptionalLong.empty());
    }

    /** The encoder of that version; throws {@link UserException} that names the versions there are. */
    public static PublishedEncoder find(KafkaSettings kafka, RunTopics topics, long version) {
        return find(kafka, topics, OptionalLong.of(version));
    }

    private static PublishedEncoder find(KafkaSettings kafka, RunTopics topics, OptionalLong version) {
        try (TopicSetup setup = new TopicSetup(kafka)) {
            if (setup.describe(topics.encoders()).isEmpty()) {
                throw new UserException("run " + topics.run() + " has published no encoder: the topic "
                        + topics.encoders()
                        + " does not exist\nCheck run.name, and that --bootstrap-server is the trainer's broker.");
            }
        }
        try (var consumer =
                new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of("allow.auto.create.topics", "false")))) {
            return find(consumer, topics, version);
        }
    }

    static PublishedEncoder find(Consumer<byte[], byte[]> consumer, RunTopics topics, OptionalLong version) {
        EncoderAssembler assembler = new EncoderAssembler();
        TreeSet<Long> versions = new TreeSet<>();
        AtomicReference<@Nullable PublishedEncoder> found = new AtomicReference<>();
        TopicReader.read(
                consumer,
                TopicReader.partitions(consumer, topics.encoders()),
                partition -> OptionalLong.empty(),
                record -> assembler.accept(record.key(), record.value()).ifPresent(encoder -> {
                    versions.add(encoder.version());
                    if (version.isPresent()
                            ? encoder.version() == version.getAsLong()
                            : encoder.version() >= versions.last()) {
                        found.set(encoder);
                    }
                }));
        return Optional.ofNullable(found.get())
                .orElseThrow(() -> new UserException("run " + topics.run() + " has no encoder"
                        + (version.isPresent() ? " " + version.getAsLong() : "") + " on the topic " + topics.encoders()
                        + "; there are "
                        + (versions.isEmpty() ? "none" : versions)));
    }
}

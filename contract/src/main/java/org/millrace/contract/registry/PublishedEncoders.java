package org.millrace.contract.registry;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.LongPredicate;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;
import org.millrace.contract.kafka.TopicSetup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The encoders on a run's topic now, those included that were taken back but not yet cleaned away. */
public final class PublishedEncoders {
    private static final Logger LOG = LoggerFactory.getLogger(PublishedEncoders.class);
    private static final String ADVICE =
            "Accept one with millrace evaluate --accept VERSION, or name the version that you want; millrace encoders list shows them.";

    private PublishedEncoders() {}

    /**
     * The newest encoder that is neither held nor revoked, and where there is a churn budget, that was scored; it is said in the log which newer ones are
     * passed over. Throws {@link UserException} where there is none, or where the current one is no longer on the topic.
     */
    public static PublishedEncoder newest(KafkaSettings kafka, RunTopics topics) {
        Standings standings = PublishedEvaluations.read(kafka, topics).standings();
        return with(kafka, topics, consumer -> newest(consumer, topics, standings));
    }

    /** Its version, for callers that only look: nothing is logged. Throws as {@link #newest(KafkaSettings, RunTopics)}. */
    public static long newestVersion(KafkaSettings kafka, RunTopics topics) {
        Standings standings = PublishedEvaluations.read(kafka, topics).standings();
        return with(kafka, topics, consumer -> newest(read(consumer, topics, standings::mayBeTaken), topics, standings))
                .version();
    }

    /**
     * The newest encoder that was scored and is neither held nor revoked: the one whose adapters are published. Throws {@link UserException}
     * where there is none, or it is no longer on the topic.
     */
    public static PublishedEncoder scored(KafkaSettings kafka, RunTopics topics) {
        long current = PublishedEvaluations.read(kafka, topics)
                .standings()
                .current()
                .orElseThrow(() -> new UserException("no encoder of run " + topics.run()
                        + " is scored yet, and adapters between feature spaces come with the scores"
                        + "\nScore the encoders: millrace evaluate."));
        return find(kafka, topics, current);
    }

    /** The encoder of that version, held or not; throws {@link UserException} where it is revoked, or names the versions there are. */
    public static PublishedEncoder find(KafkaSettings kafka, RunTopics topics, long version) {
        Optional.ofNullable(PublishedEvaluations.read(kafka, topics)
                        .standings()
                        .revoked()
                        .get(version))
                .ifPresent(revocation -> {
                    throw new UserException("encoder " + version + " of run " + topics.run() + " is revoked: "
                            + revocation.reason() + "\nTake another one, or undo that with millrace encoders reinstate "
                            + version + ".");
                });
        return with(kafka, topics, consumer -> find(consumer, topics, version));
    }

    /** Encoder 0, with which the run began, revoked or not; empty where it is not on the topic, or there is none. */
    public static Optional<PublishedEncoder> first(KafkaSettings kafka, RunTopics topics) {
        try (TopicSetup setup = new TopicSetup(kafka)) {
            if (setup.describe(topics.encoders()).isEmpty()) {
                return Optional.empty();
            }
        }
        return with(
                kafka, topics, consumer -> Optional.ofNullable(read(consumer, topics, version -> version == 0).newest));
    }

    /** What is on the topic, revoked and held ones too, oldest first; none where there is no topic. */
    public static List<EncoderManifest> all(KafkaSettings kafka, RunTopics topics) {
        try (TopicSetup setup = new TopicSetup(kafka)) {
            if (setup.describe(topics.encoders()).isEmpty()) {
                return List.of();
            }
        }
        return with(
                kafka,
                topics,
                consumer -> List.copyOf(
                        read(consumer, topics, version -> false).versions.values()));
    }

    private static <T> T with(KafkaSettings kafka, RunTopics topics, Function<Consumer<byte[], byte[]>, T> search) {
        try (TopicSetup setup = new TopicSetup(kafka)) {
            if (setup.describe(topics.encoders()).isEmpty()) {
                throw new UserException("run " + topics.run() + " has published no encoder: the topic "
                        + topics.encoders()
                        + " does not exist\nCheck run.name, and that --bootstrap-server is the trainer's broker.");
            }
        }
        try (var consumer =
                new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of("allow.auto.create.topics", "false")))) {
            return search.apply(consumer);
        }
    }

    static PublishedEncoder find(Consumer<byte[], byte[]> consumer, RunTopics topics, long version) {
        Found found = read(consumer, topics, candidate -> candidate == version);
        return Optional.ofNullable(found.newest)
                .orElseThrow(
                        () -> new UserException("run " + topics.run() + " has no encoder " + version + " on the topic "
                                + topics.encoders() + "; there are " + words(found.versions.navigableKeySet())));
    }

    static PublishedEncoder newest(Consumer<byte[], byte[]> consumer, RunTopics topics, Standings standings) {
        Found found = read(consumer, topics, standings::mayBeTaken);
        PublishedEncoder newest = newest(found, topics, standings);
        SortedSet<Long> passedOver =
                new TreeSet<>(found.versions.tailMap(newest.version() + 1).keySet());
        if (passedOver.removeIf(standings::isRevoked)) {
            LOG.info("encoder {} is taken; a newer one is revoked (millrace encoders list)", newest.version());
        }
        if (!passedOver.isEmpty()) {
            LOG.warn(
                    "encoder {} is taken; newer ones are held by a budget, or not scored yet: {}. {}",
                    newest.version(),
                    passedOver,
                    ADVICE);
        }
        return newest;
    }

    private static PublishedEncoder newest(Found found, RunTopics topics, Standings standings) {
        long current = standings.current().orElse(-1);
        if (found.versions.isEmpty()) {
            throw new UserException("run " + topics.run() + " has published no encoder yet: the topic "
                    + topics.encoders() + " holds none");
        }
        PublishedEncoder newest = found.newest;
        if (newest == null || standings.newestOf(found.versions.keySet()).isEmpty()) {
            throw new UserException("no encoder of run " + topics.run() + " may be taken as the newest: "
                    + (current < 0 ? "none is current" : "the current one, " + current + ", has left the topic")
                    + ", and of those on it (" + words(found.versions.navigableKeySet())
                    + ") the newer ones are held or not scored yet"
                    + (standings.revoked().isEmpty()
                            ? ""
                            : ", or revoked: " + standings.revoked().keySet())
                    + "\n"
                    + ADVICE);
        }
        return newest;
    }

    /** Every version on the topic, and of those that are wanted the newest. */
    private static Found read(Consumer<byte[], byte[]> consumer, RunTopics topics, LongPredicate wanted) {
        EncoderAssembler assembler = new EncoderAssembler();
        Found found = new Found();
        TopicReader.read(
                consumer,
                TopicReader.partitions(consumer, topics.encoders()),
                record -> assembler.accept(record).ifPresent(encoder -> found.add(encoder, wanted)));
        return found;
    }

    private static String words(SortedSet<Long> versions) {
        return versions.isEmpty() ? "none" : versions.toString();
    }

    /** What was found on the topic. Not thread safe. */
    private static final class Found {
        private final TreeMap<Long, EncoderManifest> versions = new TreeMap<>();
        private @Nullable PublishedEncoder newest;

        void add(PublishedEncoder encoder, LongPredicate wanted) {
            versions.put(encoder.version(), encoder.manifest());
            boolean newer = newest == null || encoder.version() >= newest.version();
            if (newer && wanted.test(encoder.version())) {
                newest = encoder;
            }
        }
    }
}

package org.millrace.contract.registry;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.EncoderRevocation;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.kafka.BrokerWords;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;
import org.millrace.contract.kafka.TopicSetup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The encoders that a run has published, kept up to date: whenever its topics have grown, they are read again on a thread of its own.
 * Thread safe.
 */
public final class EncoderWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EncoderWatch.class);
    private static final long LOOK_MILLIS = 500;

    private final KafkaSettings kafka;
    private final RunTopics topics;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final CountDownLatch looked = new CountDownLatch(1);
    private final Thread thread;
    private volatile State state = new State(
            List.of(), Optional.empty(), "the run's encoders have not been read yet", Set.of(), OptionalLong.empty());

    /**
     * A published encoder.
     *
     * @param evaluation its last scores; those of a revoked one are left out
     * @param held whether the churn budget holds it back
     * @param revocation the operator's, where it is revoked and must not be used
     */
    public record Published(
            EncoderManifest manifest,
            Optional<Evaluation> evaluation,
            boolean held,
            Optional<EncoderRevocation> revocation) {}

    /**
     * @param why there is no current encoder, where there is none
     * @param scored the newest that was scored and may be taken
     */
    private record State(
            List<Published> published,
            Optional<PublishedEncoder> current,
            String why,
            Set<Long> revoked,
            OptionalLong scored) {}

    private EncoderWatch(KafkaSettings kafka, RunTopics topics) {
        this.kafka = kafka;
        this.topics = topics;
        this.thread = new Thread(this::watch, "millrace-encoders");
        thread.setDaemon(true);
    }

    /** Begins to watch. The caller closes it. */
    public static EncoderWatch watch(KafkaSettings kafka, RunTopics topics) {
        EncoderWatch encoders = new EncoderWatch(kafka, topics);
        encoders.thread.start();
        return encoders;
    }

    /** The encoders on the topic, revoked ones too, oldest first. */
    public List<Published> published() {
        awaitFirst();
        return state.published();
    }

    /** The version of the encoder to use now, if there is one. */
    public OptionalLong currentVersion() {
        awaitFirst();
        return state.current()
                .map(current -> OptionalLong.of(current.manifest().version()))
                .orElse(OptionalLong.empty());
    }

    /** The encoder to use now; throws {@link UserException} where there is none. */
    public PublishedEncoder current() {
        awaitFirst();
        State now = state;
        return now.current().orElseThrow(() -> new UserException(now.why()));
    }

    /** The same; empty where there is none, or the broker has not answered yet. Does not wait. */
    public Optional<PublishedEncoder> currentIfKnown() {
        return state.current();
    }

    /** The newest encoder that was scored and may be taken: its adapters are published. Does not wait. */
    public OptionalLong scoredIfKnown() {
        return state.scored();
    }

    /** The same; waits for the broker's first answer. */
    public OptionalLong scored() {
        awaitFirst();
        return state.scored();
    }

    /** Whether the operator has revoked that version, as far as the broker has been heard. Does not wait. */
    public boolean isRevoked(long version) {
        return state.revoked().contains(version);
    }

    /** The encoder of that version; throws {@link UserException} where it is not there. */
    public PublishedEncoder version(long version) {
        return PublishedEncoders.find(kafka, topics, version);
    }

    /** The adapter from an encoder to the space of another version; throws {@link UserException} where there is none. */
    public PublishedSpace adapter(EncoderManifest encoder, long space) {
        return PublishedSpaces.find(kafka, topics, encoder, space);
    }

    @Override
    public void close() {
        closing.countDown();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(2));
            if (thread.isAlive()) {
                thread.interrupt(); // a broker that is gone is not waited for
                thread.join(TimeUnit.SECONDS.toMillis(3));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void watch() {
        Map<TopicPartition, Long> read = Map.of();
        boolean silent = false;
        while (closing.getCount() > 0) {
            try (TopicSetup setup = new TopicSetup(kafka);
                    var consumer = new KafkaConsumer<byte[], byte[]>(
                            kafka.consumer(Map.of("allow.auto.create.topics", "false")))) {
                do {
                    Map<TopicPartition, Long> ends = ends(setup, consumer);
                    if (!ends.equals(read) || looked.getCount() > 0) {
                        state = read(consumer, ends);
                        read = ends;
                        looked.countDown();
                    }
                    silent = false;
                } while (!closing.await(LOOK_MILLIS, TimeUnit.MILLISECONDS));
            } catch (InterruptedException | InterruptException e) {
                return;
            } catch (RuntimeException e) { // or nobody would look any more
                if (!silent && closing.getCount() > 0) {
                    log.warn(
                            "the encoders of run {} cannot be read; trying again: {}", topics.run(), BrokerWords.of(e));
                }
                silent = true;
            }
        }
    }

    private Map<TopicPartition, Long> ends(TopicSetup setup, Consumer<byte[], byte[]> consumer) {
        List<TopicPartition> there = new ArrayList<>();
        for (String topic : List.of(topics.encoders(), topics.evaluations())) {
            if (setup.describe(topic).isPresent()) {
                there.add(new TopicPartition(topic, 0));
            }
        }
        return there.isEmpty() ? Map.of() : consumer.endOffsets(there);
    }

    private State read(Consumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
        Optional<PublishedEncoder> current = Optional.empty();
        String why = "";
        try {
            current = Optional.of(newest()); // before the list, which then has it
        } catch (UserException e) {
            why = String.valueOf(e.getMessage());
        }
        Map<Long, Evaluation> evaluations = new TreeMap<>();
        PublishedEvaluations evaluated = PublishedEvaluations.read(kafka, topics);
        evaluated.all().forEach(scores -> evaluations.put(scores.version(), scores));
        List<Published> published = manifests(consumer, ends).stream()
                .map(manifest -> new Published(
                        manifest,
                        Optional.ofNullable(evaluations.get(manifest.version())),
                        evaluated.standings().isHeld(manifest.version()),
                        Optional.ofNullable(evaluated.standings().revoked().get(manifest.version()))))
                .toList();
        return new State(
                published,
                current,
                why,
                Set.copyOf(evaluated.standings().revoked().keySet()),
                evaluated.standings().current());
    }

    private Collection<EncoderManifest> manifests(Consumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
        TreeMap<Long, EncoderManifest> manifests = new TreeMap<>();
        var partition = new TopicPartition(topics.encoders(), 0);
        if (!ends.containsKey(partition)) {
            return List.of();
        }
        RecordReader<EncoderManifest> records = RecordReader.ofJson(EncoderManifest.class);
        TopicReader.read(consumer, List.of(partition), record -> takeManifest(record, records, manifests));
        return manifests.values();
    }

    /** The newest encoder; the one that is known already where that is it. */
    private PublishedEncoder newest() {
        Optional<PublishedEncoder> known = state.current();
        PublishedEncoder newest = PublishedEncoders.newest(kafka, topics);
        return known.filter(same -> same.manifest().equals(newest.manifest())).orElse(newest);
    }

    // other keys are those of the weights
    private static void takeManifest(
            ConsumerRecord<byte[], byte[]> record,
            RecordReader<EncoderManifest> records,
            Map<Long, EncoderManifest> manifests) {
        OptionalLong version = EncoderRecords.manifestVersion(record.key());
        if (version.isEmpty()) {
            return;
        }
        if (record.value() == null) {
            manifests.remove(version.getAsLong());
        } else {
            records.read(record)
                    .filter(manifest -> manifest.version() == version.getAsLong())
                    .ifPresent(manifest -> manifests.put(manifest.version(), manifest));
        }
    }

    private void awaitFirst() {
        try {
            boolean ignored = looked.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

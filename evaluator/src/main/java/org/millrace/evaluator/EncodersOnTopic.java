package org.millrace.evaluator;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.registry.EncoderRecords;
import org.millrace.evaluator.space.SpaceFit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The encoders on a run's topic and their adapters to feature spaces: an adapter is published with the scores, or once its encoder is
 * current, and taken back when the encoder leaves the topic. Not thread safe.
 */
final class EncodersOnTopic {
    private static final Logger LOG = LoggerFactory.getLogger(EncodersOnTopic.class);

    private final String topic;
    private final SpaceLog spaces;
    private final EvaluationLog evaluations;
    private final EncoderScorer scorer;
    private final Map<Long, EncoderManifest> manifests = new HashMap<>(); // by version

    /** @param spaces the adapters that are published */
    EncodersOnTopic(String topic, SpaceLog spaces, EvaluationLog evaluations, EncoderScorer scorer) {
        this.topic = topic;
        this.spaces = spaces;
        this.evaluations = evaluations;
        this.scorer = scorer;
    }

    /** Adds an encoder that is read from the topic. */
    void add(EncoderManifest encoder) {
        manifests.put(encoder.version(), encoder);
    }

    /** Removes an encoder where the record says so, with its adapters unless it is the current one. */
    void removed(ConsumerRecord<byte[], byte[]> record) {
        OptionalLong version = EncoderRecords.manifestVersion(record.key());
        if (record.value() != null || version.isEmpty()) {
            return;
        }
        manifests.remove(version.getAsLong());
        if (evaluations.standings().current().equals(version)) {
            warnOfRemoval(version.getAsLong());
        } else {
            spaces.remove(version.getAsLong());
        }
    }

    /** The trainer keeps only its newest encoders on the topic: the current one may leave it while later ones are held. */
    private void warnOfRemoval(long current) {
        SortedSet<Long> held = evaluations.standings().held().tailSet(current);
        if (!held.isEmpty()) {
            LOG.warn(
                    "the trainer has removed the current encoder {} from the topic {} (trainer.encoders-kept), and newer ones are"
                            + " held: {}. Once compaction has removed it, there is no current encoder until one is accepted"
                            + " (millrace evaluate --accept VERSION).",
                    current,
                    topic,
                    held);
        }
    }

    /** Takes a record of the topic of adapters. */
    void acceptAdapter(ConsumerRecord<byte[], byte[]> record) {
        spaces.accept(record);
    }

    /** Whether there is an adapter from that very encoder to the space. */
    boolean hasAdapter(EncoderManifest encoder, long space) {
        return spaces.has(encoder, space);
    }

    /** Publishes an encoder's adapters, and returns when the broker has them. */
    void publishAdapters(EncoderManifest encoder, List<SpaceFit> fits) {
        fits.forEach(fit -> spaces.publish(encoder, fit));
    }

    /** Adapts the current encoder to spaces that were not wanted, or not known, when it was scored. */
    void adaptCurrent() {
        OptionalLong current = evaluations.standings().current();
        if (current.isEmpty() || !manifests.containsKey(current.getAsLong())) {
            return;
        }
        EncoderManifest encoder = Objects.requireNonNull(manifests.get(current.getAsLong()));
        Optional<Evaluation> scored = evaluations.of(encoder.version());
        List<SpaceFit> fits = scored.map(scores -> scorer.adapt(scores, space -> hasAdapter(encoder, space)))
                .orElse(List.of());
        if (!fits.isEmpty()) {
            publishAdapters(encoder, fits);
            evaluations.publish(EncoderScorer.withSpaces(scored.orElseThrow(), fits));
        }
    }
}

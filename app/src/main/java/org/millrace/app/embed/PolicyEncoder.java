package org.millrace.app.embed;

import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.EncoderWatch;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.evaluator.Embedder;
import org.millrace.evaluator.EmbedderFactory;
import org.millrace.evaluator.FeatureSpaces;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The encoder that a policy uses now, loaded. Used by one thread, which closes it. */
final class PolicyEncoder implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PolicyEncoder.class);

    private final KafkaSettings kafka;
    private final RunTopics topics;
    private final StreamPolicy policy;
    private final EmbedderFactory embedders;
    private final EncoderWatch watch;
    private @Nullable Loaded loaded;
    private long failed = -1; // version without an adapter, which is said once

    /**
     * A loaded encoder.
     *
     * @param space version in whose space its features are: its own, where they are not mapped
     * @param embedder owned by this
     */
    record Loaded(long version, long space, Embedder embedder) {}

    /** Loads the first one. Throws {@link UserException} where there is none, with the reason. */
    PolicyEncoder(KafkaSettings kafka, RunTopics topics, StreamPolicy policy, EmbedderFactory embedders) {
        this.kafka = kafka;
        this.topics = topics;
        this.policy = policy;
        this.embedders = embedders;
        this.loaded = switch (policy.kind()) {
            case CURRENT -> load(PublishedEncoders.newest(kafka, topics));
            case PINNED -> load(PublishedEncoders.find(kafka, topics, policy.version()));
            case SPACE -> load(PublishedEncoders.scored(kafka, topics));
        };
        this.watch = EncoderWatch.watch(kafka, topics);
    }

    /**
     * The encoder to use now: a new one where the run has another by now. Asks no broker otherwise.
     *
     * @throws UserException where the encoder was revoked and there is no other
     */
    Loaded now() {
        Loaded known = known();
        OptionalLong wanted = switch (policy.kind()) {
            case CURRENT ->
                watch.currentIfKnown()
                        .map(encoder -> OptionalLong.of(encoder.version()))
                        .orElse(OptionalLong.empty());
            case PINNED -> OptionalLong.of(policy.version());
            case SPACE -> watch.scoredIfKnown();
        };
        if (wanted.isPresent() && wanted.getAsLong() != known.version() && wanted.getAsLong() != failed) {
            exchange(wanted.getAsLong());
        }
        if (watch.isRevoked(known().version())) {
            PublishedEncoders.find(kafka, topics, known().version()); // throws, with the operator's reason
        }
        return known();
    }

    private void exchange(long version) {
        Loaded known = known();
        try {
            loaded = load(watch.currentIfKnown()
                    .filter(encoder -> encoder.version() == version)
                    .orElseGet(() -> PublishedEncoders.find(kafka, topics, version)));
            known.embedder().close();
        } catch (UserException e) {
            failed = version;
            log.warn(
                    "encoder {} cannot be used; images are still embedded by encoder {}: {}",
                    version,
                    known.version(),
                    e.getMessage());
        }
    }

    private Loaded known() {
        return Optional.ofNullable(loaded).orElseThrow();
    }

    private Loaded load(PublishedEncoder encoder) {
        OptionalLong space =
                policy.kind() == StreamPolicy.Kind.SPACE ? OptionalLong.of(policy.version()) : OptionalLong.empty();
        Embedder embedder = FeatureSpaces.load(kafka, topics, embedders, encoder, space);
        return new Loaded(encoder.version(), space.orElse(encoder.version()), embedder);
    }

    @Override
    public void close() {
        watch.close();
        known().embedder().close();
    }
}

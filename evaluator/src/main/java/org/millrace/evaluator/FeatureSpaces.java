package org.millrace.evaluator;

import java.util.Optional;
import java.util.OptionalLong;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.event.SpaceManifest;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.contract.registry.PublishedSpace;
import org.millrace.contract.registry.PublishedSpaces;
import org.millrace.numerics.AffineMap;

/** Published encoders with the adapters that map their features to the space of another version. */
public final class FeatureSpaces {
    private FeatureSpaces() {}

    /**
     * The adapter from an encoder to the space of a version; empty for its own.
     *
     * @throws UserException where there is none, with the reason
     */
    public static Optional<AffineMap> adapter(
            KafkaSettings kafka, RunTopics topics, PublishedEncoder encoder, long space) {
        if (encoder.version() == space) {
            return Optional.empty();
        }
        PublishedSpace published = PublishedSpaces.find(kafka, topics, encoder.manifest(), space);
        SpaceManifest manifest = published.manifest();
        AffineMap map = AffineMap.of(published.file(), manifest.inputs(), manifest.outputs());
        if (!map.isFinite()) {
            throw new UserException("the adapter from encoder " + encoder.version() + " to the space of encoder "
                    + space + " has numbers that are not finite; take another encoder");
        }
        return Optional.of(map);
    }

    /**
     * The encoder, loaded, with its features in the wanted space. The caller closes it.
     *
     * @param space version of another encoder; empty for the encoder's own
     * @throws UserException where there is no adapter
     */
    public static Embedder load(
            KafkaSettings kafka,
            RunTopics topics,
            EmbedderFactory embedders,
            PublishedEncoder encoder,
            OptionalLong space) {
        Optional<AffineMap> map =
                space.isEmpty() ? Optional.empty() : adapter(kafka, topics, encoder, space.getAsLong());
        Embedder loaded = embedders.load(encoder.manifest(), encoder.safetensors());
        if (map.isEmpty()) {
            return loaded;
        }
        try {
            return new MappedEmbedder(loaded, map.get());
        } catch (IllegalArgumentException e) {
            loaded.close();
            throw new UserException(
                    "the adapter from encoder " + encoder.version() + " does not fit it: " + e.getMessage(), e);
        }
    }
}

package org.millrace.evaluator.drift.stream;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.registry.EncoderWatch;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.evaluator.Embedder;
import org.millrace.evaluator.EmbedderFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The run's current encoder, loaded. Used and closed by the thread that made it. */
final class PresentEncoder implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PresentEncoder.class);

    private final EncoderWatch encoders;
    private final EmbedderFactory embedders;
    private @Nullable Loaded loaded;
    private long refused = -1;

    /** An encoder and its version. */
    record Loaded(long version, Embedder embedder) {}

    PresentEncoder(EncoderWatch encoders, EmbedderFactory embedders) {
        this.encoders = encoders;
        this.embedders = embedders;
    }

    /** The current one, or the last that could be loaded; empty where none could. */
    Optional<Loaded> newest() {
        encoders.currentIfKnown().filter(this::isAnother).ifPresent(this::load);
        return Optional.ofNullable(loaded);
    }

    private boolean isAnother(PublishedEncoder current) {
        return current.version() != refused && (loaded == null || loaded.version() != current.version());
    }

    private void load(PublishedEncoder current) {
        try {
            var next = new Loaded(current.version(), embedders.load(current.manifest(), current.safetensors()));
            close();
            loaded = next;
        } catch (IllegalArgumentException e) {
            refused = current.version();
            log.warn("changes are attributed to the encoder taken before: {}", e.getMessage());
        }
    }

    @Override
    public void close() {
        if (loaded != null) {
            loaded.embedder().close();
        }
    }
}

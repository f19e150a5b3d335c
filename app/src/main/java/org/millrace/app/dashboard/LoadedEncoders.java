package org.millrace.app.dashboard;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.encoder.tensor.Torch;
import org.millrace.evaluator.Embedder;
import org.millrace.evaluator.PublishedEncoder;
import org.millrace.evaluator.PublishedEncoders;
import org.millrace.evaluator.TorchEmbedders;

/** The encoders that were asked for last, loaded from the topic. Used by one thread, which closes it. */
final class LoadedEncoders implements AutoCloseable {
    private static final int KEPT = 3;

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final Map<Long, Embedder> loaded = new LinkedHashMap<>(); // the one asked for longest ago first
    private @Nullable TorchEmbedders embedders; // PyTorch starts when it is needed first

    LoadedEncoders(MillraceConfig config, KafkaSettings kafka) {
        this.config = config;
        this.kafka = kafka;
    }

    /** Throws {@link org.millrace.contract.UserException} where that version is not on the topic. */
    Embedder of(long version) {
        Embedder known = loaded.remove(version);
        if (known == null) {
            PublishedEncoder published =
                    PublishedEncoders.find(kafka, config.run().topics(), version);
            known = embedders().load(published.manifest(), published.safetensors());
        }
        loaded.put(version, known);
        while (loaded.size() > KEPT) {
            Iterator<Embedder> oldest = loaded.values().iterator();
            oldest.next().close();
            oldest.remove();
        }
        return known;
    }

    @Override
    public void close() {
        loaded.values().forEach(Embedder::close);
        loaded.clear();
    }

    private TorchEmbedders embedders() {
        TorchEmbedders started = embedders;
        if (started == null) {
            started = new TorchEmbedders(Torch.start(config.run()), config.encoder());
            embedders = started;
        }
        return started;
    }
}

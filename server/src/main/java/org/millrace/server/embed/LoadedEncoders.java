package org.millrace.server.embed;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.encoder.tensor.Torch;
import org.millrace.evaluator.Embedder;
import org.millrace.evaluator.EmbedderFactory;
import org.millrace.evaluator.TorchEmbedders;
import org.millrace.numerics.AffineMap;

/** The few most recently used encoders, in memory. Used by one thread, which closes it. */
public final class LoadedEncoders implements AutoCloseable {
    private static final int MOST = 3;

    private final MillraceConfig config;
    /** By version, least recently used first. */
    private final Map<Long, Loaded> loaded = new LinkedHashMap<>(MOST, 1, true);

    private @Nullable EmbedderFactory factory;

    public LoadedEncoders(MillraceConfig config) {
        this.config = config;
    }

    /** A loaded encoder. Used by the thread that loaded it. */
    public static final class Loaded {
        private final EncoderManifest manifest;
        private final Map<Long, AffineMap> adapters = new HashMap<>(); // by space
        private final EncoderConfig input;
        private final Embedder embedder;

        private Loaded(PublishedEncoder encoder, Embedder embedder) {
            this.manifest = encoder.manifest();
            this.input = encoder.manifest().encoder();
            this.embedder = embedder;
        }

        long version() {
            return manifest.version();
        }

        int dimension() {
            return embedder.dimension();
        }

        /** The images that it embeds: their size, channels and normalisation. */
        public EncoderConfig input() {
            return input;
        }

        /** For images that decode; owned by this. */
        public Embedder embedder() {
            return embedder;
        }

        /**
         * The same rows mapped to the space of another version; its own features stay.
         *
         * @param find the adapter, which is asked for once
         */
        List<Embeddings.Row> inSpace(long space, List<Embeddings.Row> rows, Function<EncoderManifest, AffineMap> find) {
            if (space == version()) {
                return rows;
            }
            AffineMap map = adapters.computeIfAbsent(space, wanted -> find.apply(manifest));
            return rows.stream()
                    .map(row -> row instanceof Embeddings.Features features
                            ? new Embeddings.Features(map.apply(features.values()))
                            : row)
                    .toList();
        }

        /** One row per image, computed in one batch: its features, or why it could not be decoded. */
        List<Embeddings.Row> embedScaled(List<ScaledImages.Scaled> images) {
            List<float[]> good =
                    images.stream().flatMap(image -> image.values().stream()).toList();
            var features = (good.isEmpty() ? List.<Embeddings.Row>of() : rows(embedder.embedScaled(good))).iterator();
            return images.stream()
                    .map(image -> image.values().isPresent()
                            ? features.next()
                            : (Embeddings.Row) new Embeddings.Undecodable(image.problem()))
                    .toList();
        }

        /** @param features N×D */
        private List<Embeddings.Row> rows(float[] features) {
            List<Embeddings.Row> rows = new ArrayList<>();
            for (int i = 0; i < features.length / dimension(); i++) {
                rows.add(new Embeddings.Features(Arrays.copyOfRange(features, i * dimension(), (i + 1) * dimension())));
            }
            return rows;
        }
    }

    /** Loads the encoder if needed, in place of the least recently used one. */
    public Loaded of(PublishedEncoder encoder) {
        long version = encoder.manifest().version();
        Loaded known = loaded.get(version);
        if (known != null && known.manifest.sha256().equals(encoder.manifest().sha256())) {
            return known;
        }
        if (known != null) { // the run was started over
            known.embedder.close();
            loaded.remove(version);
        }
        if (factory == null) {
            factory = new TorchEmbedders(Torch.start(config.run()), config.encoder(), config.images());
        }
        Loaded added = new Loaded(encoder, factory.load(encoder.manifest(), encoder.safetensors()));
        loaded.put(version, added);
        if (loaded.size() > MOST) {
            var oldest = loaded.entrySet().iterator();
            oldest.next().getValue().embedder.close();
            oldest.remove();
        }
        return added;
    }

    /** The encoder of that version, if it is in memory. */
    public Optional<Loaded> known(long version) {
        return Optional.ofNullable(loaded.get(version));
    }

    @Override
    public void close() {
        loaded.values().forEach(each -> each.embedder.close());
        loaded.clear();
    }
}

package org.millrace.app.embed;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.encoder.tensor.Torch;
import org.millrace.evaluator.Embedder;
import org.millrace.evaluator.EmbedderFactory;
import org.millrace.evaluator.TorchEmbedders;

/** The few encoders that were used last, in memory. Used by one thread, which closes it. */
public final class LoadedEncoders implements AutoCloseable {
    private static final int MOST = 3;

    private final MillraceConfig config;
    private final ImageDecoder decoder;
    /** By version, the one used longest ago first. */
    private final Map<Long, Loaded> loaded = new LinkedHashMap<>(MOST, 1, true);

    private @Nullable EmbedderFactory factory;

    public LoadedEncoders(MillraceConfig config) {
        this.config = config;
        this.decoder =
                new ImageDecoder(config.encoder().channels(), config.images().maxPixels());
    }

    /** One encoder, ready. Used by the thread that loaded it. */
    public final class Loaded {
        private final long version;
        private final String sha256;
        private final Embedder embedder;

        private Loaded(PublishedEncoder encoder, Embedder embedder) {
            this.version = encoder.manifest().version();
            this.sha256 = encoder.manifest().sha256();
            this.embedder = embedder;
        }

        long version() {
            return version;
        }

        int dimension() {
            return embedder.dimension();
        }

        /** For images that decode; belongs to this. */
        public Embedder embedder() {
            return embedder;
        }

        /** A row for each encoded image, in one batch. */
        List<Embeddings.Row> embed(List<byte[]> images) {
            try {
                return features(images);
            } catch (IllegalStateException e) { // one of them does not decode; seldom, so found out only now
                return apart(images, e);
            }
        }

        /** The same of images that are decoded, or could not be. */
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

        private List<Embeddings.Row> features(List<byte[]> images) {
            return rows(embedder.embed(images));
        }

        /** @param features N×D */
        private List<Embeddings.Row> rows(float[] features) {
            List<Embeddings.Row> rows = new ArrayList<>();
            for (int i = 0; i < features.length / dimension(); i++) {
                rows.add(new Embeddings.Features(Arrays.copyOfRange(features, i * dimension(), (i + 1) * dimension())));
            }
            return rows;
        }

        private List<Embeddings.Row> apart(List<byte[]> images, IllegalStateException failure) {
            List<Optional<String>> problems =
                    images.stream().map(LoadedEncoders.this::problem).toList();
            List<byte[]> good = new ArrayList<>();
            for (int i = 0; i < images.size(); i++) {
                if (problems.get(i).isEmpty()) {
                    good.add(images.get(i));
                }
            }
            if (good.size() == images.size()) {
                throw failure;
            }
            var features = (good.isEmpty() ? List.<Embeddings.Row>of() : features(good)).iterator();
            return problems.stream()
                    .map(problem -> problem.isPresent()
                            ? (Embeddings.Row) new Embeddings.Undecodable(problem.get())
                            : features.next())
                    .toList();
        }
    }

    /** That encoder, which takes the place of the one used longest ago. */
    public Loaded of(PublishedEncoder encoder) {
        long version = encoder.manifest().version();
        Loaded known = loaded.get(version);
        if (known != null && known.sha256.equals(encoder.manifest().sha256())) {
            return known;
        }
        if (known != null) { // the run began again
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

    /** The encoder of that version where it is in memory. */
    public Optional<Loaded> known(long version) {
        return Optional.ofNullable(loaded.get(version));
    }

    @Override
    public void close() {
        loaded.values().forEach(each -> each.embedder.close());
        loaded.clear();
    }

    /** Why the image does not decode, if it does not. */
    private Optional<String> problem(byte[] image) {
        try {
            return decoder.decode(image).values().length > 0 ? Optional.empty() : Optional.of("empty");
        } catch (UndecodableImageException e) {
            return Optional.of(e.reason());
        }
    }
}

package org.millrace.app.embed;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.OutFile;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.encoder.tensor.Torch;
import org.millrace.evaluator.Embedder;
import org.millrace.evaluator.MappedEmbedder;
import org.millrace.evaluator.TorchEmbedders;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.local.ImageFiles;
import org.millrace.numerics.AffineMap;

/** Embeds every image of some paths with one encoder into one file: read → batch → embed → append → rename. Used by one thread. */
public final class FileEmbedding {
    private static final long BATCH_BYTES = 64L << 20;

    private final MillraceConfig config;
    private final PublishedEncoder encoder;
    private final Optional<AffineMap> adapter;
    private final Listener listener;
    private final ImageDecoder decoder;

    private final List<String> names = new ArrayList<>();
    private final List<byte[]> images = new ArrayList<>();
    private long bytes;
    private long embedded;
    private long leftOut;

    /** Receives progress. */
    public interface Listener {
        void leftOut(String position, String reason);

        /** After every batch. */
        void done(long embedded, long leftOut);
    }

    /** @param adapter to the space in which the features are wanted; empty for the encoder's own */
    public FileEmbedding(
            MillraceConfig config, PublishedEncoder encoder, Optional<AffineMap> adapter, Listener listener) {
        this.config = config;
        this.encoder = encoder;
        this.adapter = adapter;
        this.listener = listener;
        this.decoder =
                new ImageDecoder(config.encoder().channels(), config.images().maxPixels());
    }

    /** Counts of embedded images and of files left out. */
    public record Report(long embedded, long leftOut, int dimension) {}

    /**
     * Writes the embeddings of every image; writes no file if there is no image.
     *
     * @throws UserException if a source cannot be read or the file cannot be written
     */
    public Report run(List<String> paths, Path out) {
        var embedders = new TorchEmbedders(Torch.start(config.run()), config.encoder(), config.images());
        try (Embedder loaded = embedders.load(encoder.manifest(), encoder.safetensors())) {
            Embedder embedder = adapter.isPresent() ? new MappedEmbedder(loaded, adapter.get()) : loaded;
            try (EmbeddingFile file =
                    EmbeddingFile.create(out, encoder.manifest().version(), embedder.dimension())) {
                ImageFiles.read(paths, new Labels.None(), config.images(), new ImageFiles.Taker() {
                    @Override
                    public void image(ImageFiles.Image image) {
                        take(image, embedder, file);
                    }

                    @Override
                    public void leftOut(String position, String kind, String reason) {
                        leaveOut(position, reason);
                    }
                });
                embed(embedder, file);
                if (embedded > 0) {
                    file.finish();
                }
            }
            return new Report(embedded, leftOut, embedder.dimension());
        } catch (IOException e) {
            throw OutFile.refused(out, e);
        }
    }

    private void take(ImageFiles.Image image, Embedder embedder, EmbeddingFile file) {
        names.add(image.id());
        images.add(image.file());
        bytes += image.file().length;
        if (images.size() == config.evaluator().batchSize() || bytes >= BATCH_BYTES) {
            try {
                embed(embedder, file);
            } catch (IOException e) {
                throw new UserException("cannot write the embeddings: " + e.getMessage(), e);
            }
        }
    }

    private void embed(Embedder embedder, EmbeddingFile file) throws IOException {
        if (images.isEmpty()) {
            return;
        }
        file.append(names, rows(features(embedder), embedder.dimension()));
        embedded += images.size();
        names.clear();
        images.clear();
        bytes = 0;
        listener.done(embedded, leftOut);
    }

    /** Features, N×D, of the images that decode; others are removed from the batch. */
    private float[] features(Embedder embedder) {
        try {
            return embedder.embed(images);
        } catch (IllegalStateException e) { // one of them does not decode; rare, so not checked beforehand
            if (!leaveOutUndecodable()) {
                throw e;
            }
            return images.isEmpty() ? new float[0] : embedder.embed(images);
        }
    }

    private boolean leaveOutUndecodable() {
        int before = images.size();
        for (int i = 0; i < images.size(); ) {
            Optional<String> problem = problem(images.get(i));
            if (problem.isPresent()) {
                images.remove(i);
                leaveOut(names.remove(i), problem.get());
            } else {
                i++;
            }
        }
        return images.size() < before;
    }

    /** Why the image does not decode, if so. */
    private Optional<String> problem(byte[] image) {
        try {
            return decoder.decode(image).values().length > 0 ? Optional.empty() : Optional.of("empty");
        } catch (UndecodableImageException e) {
            return Optional.of(e.reason());
        }
    }

    private void leaveOut(String position, String reason) {
        leftOut++;
        listener.leftOut(position, reason);
    }

    /** @param features N×D */
    private static List<float[]> rows(float[] features, int dimension) {
        List<float[]> rows = new ArrayList<>();
        for (int from = 0; from < features.length; from += dimension) {
            rows.add(Arrays.copyOfRange(features, from, from + dimension));
        }
        return rows;
    }
}

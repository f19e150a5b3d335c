package org.millrace.app.embed;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.local.ImageFiles;

/** Every image of some paths through one encoder into one file: read → batch → embed → append → rename. Used by one thread. */
public final class FileEmbedding {
    private static final long BATCH_BYTES = 64L << 20;

    private final MillraceConfig config;
    private final PublishedEncoder encoder;
    private final Listener listener;

    private final List<String> names = new ArrayList<>();
    private final List<byte[]> images = new ArrayList<>();
    private long bytes;
    private long embedded;
    private long leftOut;

    /** Hears how it goes on. */
    public interface Listener {
        void leftOut(String position, String reason);

        /** After every batch. */
        void done(long embedded, long leftOut);
    }

    public FileEmbedding(MillraceConfig config, PublishedEncoder encoder, Listener listener) {
        this.config = config;
        this.encoder = encoder;
        this.listener = listener;
    }

    /** How many images were embedded, and how many files were not. */
    public record Report(long embedded, long leftOut, int dimension) {}

    /**
     * Writes the embeddings of every image; no file where there is none.
     *
     * @throws UserException if a source cannot be read or the file not be written
     */
    public Report run(List<String> paths, Path out) {
        try (LoadedEncoders loaded = new LoadedEncoders(config)) {
            LoadedEncoders.Loaded ready = loaded.of(encoder);
            try (EmbeddingFile file = EmbeddingFile.create(out, ready.version(), ready.dimension())) {
                ImageFiles.read(paths, new Labels.None(), config.images(), new ImageFiles.Taker() {
                    @Override
                    public void image(ImageFiles.Image image) {
                        take(image, ready, file);
                    }

                    @Override
                    public void leftOut(String position, String kind, String reason) {
                        leaveOut(position, reason);
                    }
                });
                embed(ready, file);
                if (embedded > 0) {
                    file.finish();
                }
            }
            return new Report(embedded, leftOut, ready.dimension());
        } catch (IOException e) {
            throw new UserException(
                    "cannot write " + out + ": " + e + ". Is the disk full, or the folder not writable?", e);
        }
    }

    private void take(ImageFiles.Image image, LoadedEncoders.Loaded ready, EmbeddingFile file) {
        names.add(image.id());
        images.add(image.file());
        bytes += image.file().length;
        if (images.size() == config.evaluator().batchSize() || bytes >= BATCH_BYTES) {
            try {
                embed(ready, file);
            } catch (IOException e) {
                throw new UserException("cannot write the embeddings: " + e + ". Is the disk full?", e);
            }
        }
    }

    private void embed(LoadedEncoders.Loaded ready, EmbeddingFile file) throws IOException {
        if (images.isEmpty()) {
            return;
        }
        List<Embeddings.Row> made = ready.embed(images);
        List<String> goodNames = new ArrayList<>();
        List<float[]> rows = new ArrayList<>();
        for (int i = 0; i < made.size(); i++) {
            if (made.get(i) instanceof Embeddings.Features features) {
                goodNames.add(names.get(i));
                rows.add(features.values());
            } else {
                leaveOut(names.get(i), ((Embeddings.Undecodable) made.get(i)).reason());
            }
        }
        file.append(goodNames, rows);
        embedded += rows.size();
        names.clear();
        images.clear();
        bytes = 0;
        listener.done(embedded, leftOut);
    }

    private void leaveOut(String position, String reason) {
        leftOut++;
        listener.leftOut(position, reason);
    }
}

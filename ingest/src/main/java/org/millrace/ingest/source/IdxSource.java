package org.millrace.ingest.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.FileNames;

/**
 * Grey images of an IDX file, each made a PNG in memory; an entry's name is its number from 0.
 *
 * @param labels the IDX file of their labels, if any
 */
public record IdxSource(
        SourceEntry.SourceName sourceName, @Nullable Path labels) implements ImageSource {
    @Override
    public String path() {
        return sourceName.path();
    }

    @Override
    public boolean readInAnyOrder() {
        return false;
    }

    @Override
    public EntryReader open() throws IOException {
        IdxFile images = IdxFile.open(FileNames.path(path()), IdxFile.IMAGES);
        try {
            IdxFile names = labels == null ? null : IdxFile.open(labels, IdxFile.LABELS);
            if (names != null && names.items() != images.items()) {
                names.close();
                throw new SourceException(
                        "push: %s holds %d images, but %s holds %d labels; they the numbers must be equal"
                                .formatted(path(), images.items(), labels, names.items()));
            }
            return new Reader(sourceName, images, names);
        } catch (IOException e) {
            images.close();
            throw e;
        }
    }

    /** The labels file that lies beside images by the standard names: {@code …images-idx3… → …labels-idx1…}, with or without .gz. */
    public static Optional<Path> labelsBeside(Path images) {
        String name = String.valueOf(images.getFileName());
        String labels = name.replace("images-idx3", "labels-idx1").replace("images.idx3", "labels.idx1");
        if (labels.equals(name)) {
            return Optional.empty();
        }
        String other = labels.endsWith(".gz") ? labels.substring(0, labels.length() - 3) : labels + ".gz";
        return Stream.of(labels, other)
                .map(images::resolveSibling)
                .filter(Files::isRegularFile)
                .findFirst();
    }

    private static final class Reader implements EntryReader {
        private final SourceEntry.SourceName sourceName;
        private final IdxFile images;
        private final @Nullable IdxFile labels;
        private final GreyPng png = new GreyPng();
        private int next;

        Reader(SourceEntry.SourceName sourceName, IdxFile images, @Nullable IdxFile labels) {
            this.sourceName = sourceName;
            this.images = images;
            this.labels = labels;
        }

        @Override
        public Optional<SourceEntry> next() throws IOException {
            if (next == images.items()) {
                return Optional.empty();
            }
            byte[] pixels = images.next();
            String label = labels == null ? null : String.valueOf(labels.next()[0] & 0xff);
            var origin = SourceEntry.Origin.inArchive(sourceName, String.valueOf(next++));
            return Optional.of(new SourceEntry(
                    origin,
                    null,
                    label,
                    null,
                    limit -> bounded(png.encode(pixels, images.size(1), images.size(2)), limit)));
        }

        @Override
        public void close() throws IOException {
            png.close();
            try {
                images.close();
            } finally {
                if (labels != null) {
                    labels.close();
                }
            }
        }

        private static Content bounded(byte[] bytes, int limit) {
            return bytes.length <= limit ? Content.of(bytes) : Content.tooLarge(bytes, bytes.length, true);
        }
    }
}

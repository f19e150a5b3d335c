package org.millrace.server.dashboard;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.evaluator.Embedder;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.PrincipalPlane;
import org.millrace.numerics.Rows;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The newest images that decode, their thumbnails, and their features under each encoder that was asked for. Not thread safe. */
final class RecentImages {
    private static final Logger log = LoggerFactory.getLogger(RecentImages.class);
    private static final int BATCH = 64;

    private final long readAtMillis;
    private final Map<String, StoredImage> images = new LinkedHashMap<>(); // oldest first
    private final Map<String, byte[]> pictures = new HashMap<>();
    private final Map<Long, FeatureMatrix> features = new HashMap<>(); // by version, unit rows

    RecentImages(List<StoredImage> newest, ImageDecoder decoder, long readAtMillis) {
        this.readAtMillis = readAtMillis;
        for (StoredImage image : newest) {
            try {
                pictures.put(image.name(), Png.of(decoder.decode(image.file())));
                images.put(image.name(), image);
            } catch (UndecodableImageException e) {
                log.debug("{} is skipped", image.name(), e); // the page lists it among the rejects
            }
        }
    }

    long readAtMillis() {
        return readAtMillis;
    }

    int size() {
        return images.size();
    }

    /** One image as the page lists it. */
    record Listed(String at, String source, String label, long timeMillis) {}

    /** Oldest first. */
    List<Listed> list() {
        return images.values().stream()
                .map(image -> new Listed(image.name(), image.source(), image.label(), image.timeMillis()))
                .toList();
    }

    Optional<byte[]> picture(String name) {
        return Optional.ofNullable(pictures.get(name));
    }

    Optional<byte[]> file(String name) {
        return Optional.ofNullable(images.get(name)).map(StoredImage::file);
    }

    /** A neighbour and its cosine. */
    record Neighbour(String at, double cosine) {}

    /** The k images nearest to a file in an encoder's features, best first, without the image {@code not}. */
    List<Neighbour> nearest(byte[] file, String not, int k, long version, Embedder embedder) {
        FeatureMatrix bank = featuresOf(version, embedder);
        FeatureMatrix query = Rows.unit(matrix(embedder.embed(List.of(file)), 1, embedder.dimension()));
        List<Neighbour> all = new ArrayList<>();
        int row = 0;
        for (String name : images.keySet()) {
            if (!name.equals(not)) {
                all.add(new Neighbour(name, Rows.dot(query, 0, bank, row)));
            }
            row++;
        }
        all.sort(Comparator.comparingDouble(Neighbour::cosine).reversed());
        return List.copyOf(all.subList(0, Math.min(k, all.size())));
    }

    /** The images in the plane of the features' largest variance. */
    PrincipalPlane plane(long version, Embedder embedder) {
        return PrincipalPlane.of(featuresOf(version, embedder));
    }

    private FeatureMatrix featuresOf(long version, Embedder embedder) {
        FeatureMatrix known = features.get(version);
        if (known == null) {
            known = embed(embedder);
            features.put(version, known);
        }
        return known;
    }

    private FeatureMatrix embed(Embedder embedder) {
        List<byte[]> files = images.values().stream().map(StoredImage::file).toList();
        int dimension = embedder.dimension();
        float[] rows = new float[files.size() * dimension];
        for (int from = 0; from < files.size(); from += BATCH) {
            float[] batch = embedder.embed(files.subList(from, Math.min(files.size(), from + BATCH)));
            System.arraycopy(batch, 0, rows, from * dimension, batch.length);
        }
        return Rows.unit(matrix(rows, files.size(), dimension));
    }

    private static FeatureMatrix matrix(float[] rows, int count, int dimension) {
        double[] values = new double[rows.length];
        for (int i = 0; i < rows.length; i++) {
            values[i] = rows[i];
        }
        return new FeatureMatrix(count, dimension, values);
    }
}

package org.millrace.server.dashboard;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.PrincipalPlane;
import org.millrace.numerics.Rows;
import org.millrace.server.embed.LoadedEncoders;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The newest images that decode within a bounded amount of work, their thumbnails, and their features under each encoder that was asked
 * for. Not thread safe.
 */
final class RecentImages {
    private static final Logger log = LoggerFactory.getLogger(RecentImages.class);

    private final long readAtMillis;
    private final int maxPixels;
    private final int leftOut;
    private final Map<String, StoredImage> images = new LinkedHashMap<>(); // oldest first
    private final Map<String, byte[]> pictures = new HashMap<>();
    private final Map<Long, FeatureMatrix> features = new HashMap<>(); // by version, unit rows

    /** @param maxPixels of an image, as {@code decoding} bounds it too */
    RecentImages(StoredImages.Newest newest, BoundedDecoding decoding, int maxPixels, long readAtMillis) {
        this.readAtMillis = readAtMillis;
        this.maxPixels = maxPixels;
        List<StoredImage> decoded = new ArrayList<>();
        for (StoredImage image : newest.images()) {
            try {
                decoding.decode(image.file()).ifPresent(pixels -> {
                    pictures.put(image.name(), Png.of(pixels));
                    decoded.add(image);
                });
            } catch (UndecodableImageException e) {
                log.debug("{} is skipped", image.name(), e); // the page lists it among the rejects
            }
        }
        Collections.reverse(decoded);
        decoded.forEach(image -> images.put(image.name(), image));
        this.leftOut = newest.unread() + decoding.leftOut();
    }

    long readAtMillis() {
        return readAtMillis;
    }

    int size() {
        return images.size();
    }

    /** Images as new as these that are too large to be read or decoded here. */
    int leftOut() {
        return leftOut;
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

    /** The k images nearest to a file in each encoder's features, best first, without the image {@code not}; by version. */
    Map<Long, List<Neighbour>> nearest(byte[] file, String not, int k, Map<Long, LoadedEncoders.Loaded> encoders) {
        embed(encoders);
        Map<Long, List<Neighbour>> nearest = new LinkedHashMap<>();
        RecentFeatures.of(List.of(file), encoders, maxPixels)
                .forEach((version, query) ->
                        nearest.put(version, nearest(query, not, k, Objects.requireNonNull(features.get(version)))));
        return nearest;
    }

    private List<Neighbour> nearest(FeatureMatrix query, String not, int k, FeatureMatrix bank) {
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
    PrincipalPlane plane(long version, LoadedEncoders.Loaded encoder) {
        embed(Map.of(version, encoder));
        return PrincipalPlane.of(Objects.requireNonNull(features.get(version)));
    }

    /** Embeds the images under those encoders that have not done so yet. */
    private void embed(Map<Long, LoadedEncoders.Loaded> encoders) {
        Map<Long, LoadedEncoders.Loaded> missing = new LinkedHashMap<>(encoders);
        missing.keySet().removeAll(features.keySet());
        if (!missing.isEmpty()) {
            List<byte[]> files = images.values().stream().map(StoredImage::file).toList();
            features.putAll(RecentFeatures.of(files, missing, maxPixels));
        }
    }
}

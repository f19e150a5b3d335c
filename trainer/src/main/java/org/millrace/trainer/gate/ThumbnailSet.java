package org.millrace.trainer.gate;

import java.util.ArrayList;
import java.util.List;
import org.millrace.numerics.VectorColumns;

/** Thumbnails in numbered places, and how far a new one is from the nearest of them. Not thread safe. */
final class ThumbnailSet {
    private final List<byte[]> thumbnails = new ArrayList<>(); // by place
    private final VectorColumns units = new VectorColumns(Thumbnail.DIMENSION);

    int size() {
        return thumbnails.size();
    }

    byte[] get(int place) {
        return thumbnails.get(place);
    }

    List<byte[]> all() {
        return List.copyOf(thumbnails);
    }

    /** Puts a thumbnail into a place, or into a new one behind the last. */
    void put(int place, byte[] thumbnail) {
        if (place == thumbnails.size()) {
            thumbnails.add(thumbnail);
        } else {
            units.remove(place);
            thumbnails.set(place, thumbnail);
        }
        units.add(Thumbnail.unit(thumbnail)); // takes the only free place
    }

    /** 1 − the largest cosine to any of them, from 0 to 2; there must be one. */
    float distance(float[] unit) {
        float nearest = Float.NEGATIVE_INFINITY;
        for (float product : units.products(unit)) {
            nearest = Math.max(nearest, product);
        }
        return 1 - nearest;
    }

    /** How many of them are at most that far. */
    int within(float distance, float[] unit) {
        int near = 0;
        for (float product : units.products(unit)) {
            near += 1 - product <= distance ? 1 : 0;
        }
        return near;
    }
}

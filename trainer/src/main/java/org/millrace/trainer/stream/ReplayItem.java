package org.millrace.trainer.stream;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An image in the replay buffer. Not thread safe. */
final class ReplayItem {
    private final StoredImage image;
    private final long arrival;
    private float @Nullable [] feature;

    /** @param arrival rises from image to image */
    ReplayItem(StoredImage image, long arrival) {
        this.image = image;
        this.arrival = arrival;
    }

    StoredImage image() {
        return image;
    }

    long arrival() {
        return arrival;
    }

    /** The feature, once the image has been trained on; nobody changes the array. */
    Optional<float[]> feature() {
        return Optional.ofNullable(feature);
    }

    void setFeature(float[] feature) {
        this.feature = feature;
    }
}

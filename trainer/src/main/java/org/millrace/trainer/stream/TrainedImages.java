package org.millrace.trainer.stream;

import static org.millrace.contract.Check.check;

import java.util.Arrays;
import java.util.List;
import org.millrace.contract.ImageOffset;

/**
 * The images that a step trained on, and their features as it saw them. Nobody changes the array.
 *
 * @param images N, in batch order
 * @param features N×C unit rows
 */
@SuppressWarnings("ArrayRecordComponent") // rows in bulk, never compared as a value
public record TrainedImages(long step, List<ImageOffset> images, float[] features) {
    public TrainedImages {
        check(step >= 1, "step must be at least 1, but was %d", step);
        check(!images.isEmpty(), "a step must have at least one image");
        check(
                features.length > 0 && features.length % images.size() == 0,
                "%d images must have the same number of features each, but had %d together",
                images.size(),
                features.length);
        images = List.copyOf(images);
    }

    /** Numbers in a feature, C. */
    public int dimension() {
        return features.length / images.size();
    }

    float[] feature(int index) {
        return Arrays.copyOfRange(features, index * dimension(), (index + 1) * dimension());
    }
}

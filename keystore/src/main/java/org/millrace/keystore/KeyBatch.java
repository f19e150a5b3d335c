package org.millrace.keystore;

import static org.millrace.contract.Check.check;

import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import org.millrace.contract.ImageOffset;

/**
 * The keys that one step encoded, N×C by rows, with the image of each. The array is not copied: leave it unchanged.
 *
 * @param step the step that encoded them
 * @param dimension numbers in a key, C
 * @param keys N×C
 * @param images N
 * @param segments N: the offset of the first frame of the image's segment in its partition; absent where segments were not looked for
 */
@SuppressWarnings("ArrayRecordComponent") // rows in bulk, never compared as a value
public record KeyBatch(long step, int dimension, float[] keys, List<ImageOffset> images, List<OptionalLong> segments) {
    public KeyBatch {
        check(step >= 0, "step must not be negative, but was %d", step);
        check(dimension >= 1, "dimension must be at least 1, but was %d", dimension);
        check(!images.isEmpty(), "a batch must have at least one key");
        check(
                keys.length == (long) images.size() * dimension,
                "keys must have images × dimension = %d × %d numbers, but had %d",
                images.size(),
                dimension,
                keys.length);
        check(
                segments.size() == images.size(),
                "a batch of %d images must have as many segments, but had %d",
                images.size(),
                segments.size());
        images = List.copyOf(images);
        segments = List.copyOf(segments);
    }

    /** Keys of images whose segments are not known. */
    public KeyBatch(long step, int dimension, float[] keys, List<ImageOffset> images) {
        this(step, dimension, keys, images, Collections.nCopies(images.size(), OptionalLong.empty()));
    }

    /** Number of keys, N. */
    public int size() {
        return images.size();
    }
}

package org.millrace.trainer.objective;

import static org.millrace.contract.Check.check;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.millrace.contract.ImageOffset;
import org.millrace.keystore.ImageId;

/**
 * What a step learns from.
 *
 * @param step from 1
 * @param images where the images lie in the log, N
 * @param ids of the images, N, where their records have one
 * @param segments of the images, N: the offset of the first frame of each one's segment in its partition, where that is known
 * @param views of each image, N×C×H×W normalised; each view may have a size of its own
 */
public record Batch(
        long step,
        List<ImageOffset> images,
        List<Optional<ImageId>> ids,
        List<OptionalLong> segments,
        List<NDArray> views) {
    public Batch {
        check(views.size() >= 2, "a batch needs at least two views, but has %d", views.size());
        check(
                segments.size() == images.size(),
                "a batch of %d images must have as many segments, but had %d",
                images.size(),
                segments.size());
        segments = List.copyOf(segments);
        views = List.copyOf(views);
    }

    /** A batch of images whose segments are not known. */
    public Batch(long step, List<ImageOffset> images, List<Optional<ImageId>> ids, List<NDArray> views) {
        this(step, images, ids, Collections.nCopies(images.size(), OptionalLong.empty()), views);
    }

    /**
     * Part {@code index} of {@code parts} equal ones, in batch order; its views share this batch's memory.
     *
     * @param scope owner of its views
     */
    public Batch part(int index, int parts, NDManager scope) {
        int size = images.size() / parts;
        int from = index * size;
        return new Batch(
                step,
                images.subList(from, from + size),
                ids.subList(from, from + size),
                segments.subList(from, from + size),
                views.stream().map(view -> part(view, index, parts, scope)).toList());
    }

    // N×… → N/parts×…, of the same memory
    static NDArray part(NDArray rows, int index, int parts, NDManager scope) {
        long size = rows.getShape().get(0) / parts;
        NDArray part = rows.get(index * size + ":" + (index + 1) * size);
        part.attach(scope);
        return part;
    }

    /** The first view: the query's where views differ in kind. */
    public NDArray first() {
        return views.get(0);
    }

    /** The second view: the key's where views differ in kind. */
    public NDArray second() {
        return views.get(1);
    }
}

package org.millrace.trainer.objective;

import static org.millrace.contract.Check.check;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.ImageOffset;
import org.millrace.keystore.ImageId;

/**
 * What a step learns from.
 *
 * @param step from 1
 * @param images where the images lie in the log, N
 * @param ids of the images, N, where their records have one
 * @param views of each image, N×C×H×W normalised; each view may have a size of its own
 */
public record Batch(long step, List<ImageOffset> images, List<Optional<ImageId>> ids, List<NDArray> views) {
    public Batch {
        check(views.size() >= 2, "a batch needs at least two views, but has %d", views.size());
        views = List.copyOf(views);
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

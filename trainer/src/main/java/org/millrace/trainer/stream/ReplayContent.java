package org.millrace.trainer.stream;

import java.util.List;
import java.util.Optional;

/**
 * What a replay buffer holds at one moment; enough to go on from there the same.
 *
 * @param images by slot
 * @param waiting features of the newest steps, oldest first, that do not count yet
 */
public record ReplayContent(List<Kept> images, List<TrainedImages> waiting) {
    public static final ReplayContent EMPTY = new ReplayContent(List.of(), List.of());

    public ReplayContent {
        images = List.copyOf(images);
        waiting = List.copyOf(waiting);
    }

    /** An image and its feature, once it has been trained on; nobody changes the array. */
    public record Kept(LoggedImage image, Optional<float[]> feature) {}
}

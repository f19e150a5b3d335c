package org.millrace.trainer.stream;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.millrace.keystore.image.FileKey;

/**
 * What a replay buffer holds at one moment; enough, with the image store, to go on from there the same.
 *
 * @param images by slot
 * @param waiting features of the newest steps, oldest first, that do not count yet
 * @param files those that come with it, as in checkpoints of earlier releases, which had no image store; nobody changes the arrays
 */
public record ReplayContent(List<Kept> images, List<TrainedImages> waiting, Map<FileKey, byte[]> files) {
    public static final ReplayContent EMPTY = new ReplayContent(List.of(), List.of());

    public ReplayContent {
        images = List.copyOf(images);
        waiting = List.copyOf(waiting);
        files = Map.copyOf(files);
    }

    /** The content of a buffer whose files are all in the image store. */
    public ReplayContent(List<Kept> images, List<TrainedImages> waiting) {
        this(images, waiting, Map.of());
    }

    /** An image and its feature, once it has been trained on; nobody changes the array. */
    public record Kept(StoredImage image, Optional<float[]> feature) {}

    /** The files that its images need. */
    public List<FileKey> needed() {
        return images.stream().map(kept -> kept.image().file()).toList();
    }
}

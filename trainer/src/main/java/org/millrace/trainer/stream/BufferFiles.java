package org.millrace.trainer.stream;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.millrace.contract.ImageOffset;
import org.millrace.keystore.image.ImageStore;

/** The files of a replay buffer's images, in the image store. Used by the preparing thread, and read by its workers. */
final class BufferFiles {
    private final Optional<ImageStore> store;
    private final ReplayBuffer buffer;
    private final boolean alone;
    private int putSinceRelease;

    /**
     * @param store empty without a replay buffer
     * @param alone whether this buffer alone needs what is in the store, so that what leaves it is deleted here
     */
    BufferFiles(Optional<ImageStore> store, ReplayBuffer buffer, boolean alone) {
        this.store = store;
        this.buffer = buffer;
        this.alone = alone;
    }

    /** The image with its file. Called by several threads. */
    LoggedImage read(StoredImage image) {
        return image.withFile(store.orElseThrow().get(image.file()));
    }

    /** Puts the files of the images that entered the buffer at that step, of those that were offered to it. */
    void put(long step, List<LoggedImage> offered, List<ReplayBuffer.Change> changes) {
        if (changes.isEmpty()) {
            return;
        }
        Map<ImageOffset, byte[]> files = new HashMap<>();
        offered.forEach(image -> files.put(image.at(), image.file()));
        ImageStore images = store.orElseThrow();
        for (ReplayBuffer.Change change : changes) {
            change.image()
                    .ifPresent(image -> images.put(step, image.file(), Objects.requireNonNull(files.get(image.at()))));
        }
        putSinceRelease += changes.size();
        if (alone && putSinceRelease > buffer.size()) { // what left is at most as much as what is there
            images.release(step, Set.copyOf(buffer.content().needed()));
            putSinceRelease = 0;
        }
    }
}

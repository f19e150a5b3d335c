package org.millrace.trainer.run;

import static org.millrace.contract.Check.check;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.ReplayConfig.Policy;
import org.millrace.keystore.disk.RocksFolder;
import org.millrace.keystore.image.FileKey;
import org.millrace.keystore.image.ImageStore;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.stream.LogImages;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An image store and where it gets the files from that a checkpoint's replay buffer needs. See
 * docs/decisions/0036-images-of-the-replay-buffer.md.
 *
 * @param log the topic images
 */
public record RunImages(ImageStore store, LogImages log) {
    private static final Logger LOG = LoggerFactory.getLogger(RunImages.class);

    /** The run's own store; empty for a run without a replay buffer. The caller closes it. */
    public static Optional<ImageStore> open(MillraceConfig config) {
        return open(config, config.run().folder());
    }

    /** The store of a run in that folder; empty without a replay buffer. The caller closes it. */
    static Optional<ImageStore> open(MillraceConfig config, Path run) {
        return config.replay().policy() == Policy.NONE
                ? Optional.empty()
                : Optional.of(ImageStore.open(RunFolders.images(run)));
    }

    /** Size of the run's own store on disk; empty where it has none. Read beside its trainer. */
    public static OptionalLong diskBytes(MillraceConfig config) {
        Path images = RunFolders.images(config);
        if (!RocksFolder.exists(images)) {
            return OptionalLong.empty();
        }
        try (ImageStore store = ImageStore.openReadOnly(images)) {
            return OptionalLong.of(store.diskBytes());
        }
    }

    /**
     * Sees to it that the store has every file that the checkpoint's buffer needs: those that the checkpoint itself holds, then those of
     * another run's store, then those that the log still holds. Their content is checked wherever they come from.
     *
     * @param other the folder of another image store, which is only read
     * @throws IllegalArgumentException where some are nowhere
     */
    public void fill(Checkpoint checkpoint, Optional<Path> other) {
        long step = checkpoint.state().step();
        List<FileKey> lacking = store.lacking(checkpoint.buffer().needed());
        var held = checkpoint.buffer().files();
        lacking.stream()
                .filter(held::containsKey)
                .forEach(key -> store.put(step, key, Objects.requireNonNull(held.get(key))));
        other.filter(RocksFolder::exists).ifPresent(folder -> copy(step, store.lacking(lacking), folder));
        List<FileKey> toFetch = store.lacking(lacking);
        if (toFetch.isEmpty()) {
            return;
        }
        log.fetch(toFetch, (key, file) -> store.put(step, key, file));
        List<FileKey> gone = store.lacking(toFetch);
        check(
                gone.isEmpty(),
                "its replay buffer needs the files of %d images that neither the image store has nor, unchanged, %s: the first is %s",
                gone.size(),
                log.images().topic(),
                gone.isEmpty() ? "" : gone.get(0));
        LOG.warn(
                "the image store lacked the files of {} of {} images of the replay buffer of step {}; fetched them from {} again",
                toFetch.size(),
                checkpoint.buffer().images().size(),
                step,
                log.images().topic());
    }

    private void copy(long step, List<FileKey> wanted, Path folder) {
        try (ImageStore other = ImageStore.openReadOnly(folder)) {
            Set<FileKey> there = new LinkedHashSet<>(wanted);
            other.lacking(wanted).forEach(there::remove);
            for (FileKey key : there) {
                store.put(step, key, other.get(key));
            }
        } catch (UserException e) {
            LOG.warn(
                    "not all images could be copied from {}; looking for the others in the log: {}",
                    folder,
                    e.getMessage());
        }
    }
}

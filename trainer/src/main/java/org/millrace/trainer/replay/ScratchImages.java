package org.millrace.trainer.replay;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.millrace.contract.HeldFile;
import org.millrace.contract.PrivateFolder;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.ReplayConfig.Policy;
import org.millrace.keystore.image.ImageStore;
import org.millrace.trainer.checkpoint.Folders;
import org.millrace.trainer.journal.RunWriter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An image store of a replay's own, beside the runs' folders; {@link #close} deletes it. */
final class ScratchImages implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ScratchImages.class);
    private static final String PREFIX = ".replay-"; // no run's name begins so
    private static final String HELD = "held";

    private final Path folder;
    private final HeldFile held;
    private final ImageStore store;

    private ScratchImages(Path folder, HeldFile held, ImageStore store) {
        this.folder = folder;
        this.held = held;
        this.store = store;
    }

    /** Opens an empty one; empty where the run has no replay buffer. Those of replays that were killed are deleted. */
    static Optional<ScratchImages> open(MillraceConfig config) {
        if (config.replay().policy() == Policy.NONE) {
            return Optional.empty();
        }
        Path runs =
                Objects.requireNonNull(config.run().folder().toAbsolutePath().getParent());
        try {
            PrivateFolder.make(runs);
            deleteAbandoned(runs);
            Path folder = Files.createTempDirectory(runs, PREFIX);
            HeldFile held = HeldFile.take(folder.resolve(HELD), RunWriter.thisProcess());
            return Optional.of(new ScratchImages(folder, held, ImageStore.open(folder.resolve("images"))));
        } catch (IOException | HeldFile.TakenException e) {
            throw new UserException(
                    "cannot make a folder under " + runs + " for the images of the replay buffer: " + e.getMessage()
                            + ". Is it writable? Choose another with --set run.data=FOLDER.",
                    e);
        }
    }

    private static void deleteAbandoned(Path runs) throws IOException {
        List<Path> found;
        try (Stream<Path> children = Files.list(runs)) {
            found = children.filter(path -> path.getFileName().toString().startsWith(PREFIX))
                    .filter(path -> Files.exists(path.resolve(HELD)))
                    .toList();
        }
        for (Path folder : found) {
            try {
                HeldFile.take(folder.resolve(HELD), RunWriter.thisProcess()).close();
                Folders.delete(folder);
            } catch (HeldFile.TakenException e) {
                LOG.debug("{} belongs to a replay that goes on, of {}", folder, e.holder());
            }
        }
    }

    ImageStore store() {
        return store;
    }

    @Override
    public void close() {
        store.close();
        held.close();
        try {
            Folders.delete(folder);
        } catch (IOException e) {
            LOG.warn("{} could not be deleted ({}); the next replay deletes it", folder, e.getMessage());
        }
    }
}

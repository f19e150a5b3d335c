package org.millrace.app.runs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.millrace.contract.HeldFile;
import org.millrace.contract.PrivateFolder;
import org.millrace.contract.UserException;
import org.millrace.trainer.checkpoint.Folders;

/**
 * The folder in which an import makes a run's state, beside the run's own, which it becomes at the end. A file in it is held meanwhile: what an
 * import left that was killed can so be told from one that is under way. The owner closes it.
 */
final class ImportFolder implements AutoCloseable {
    /** How the folder's name begins; the run's name follows. */
    static final String PREFIX = ".unfinished-";

    private static final String MARK = ".importing";

    private final Path folder;
    private final HeldFile mark;

    private ImportFolder(Path folder, HeldFile mark) {
        this.folder = folder;
        this.mark = mark;
    }

    /** The folder for a run whose own is given. */
    static Path of(Path runFolder) {
        return runFolder.resolveSibling(PREFIX + runFolder.getFileName());
    }

    /** Whether an import has begun in that folder and not ended. */
    static boolean isBegun(Path folder) {
        return Files.exists(folder.resolve(MARK));
    }

    /** Takes the folder, made where there is none; throws {@link UserException} where another import has it. */
    static ImportFolder take(Path folder) throws IOException {
        PrivateFolder.make(folder);
        try {
            String process = "process " + ProcessHandle.current().pid();
            return new ImportFolder(folder, HeldFile.take(folder.resolve(MARK), process));
        } catch (HeldFile.TakenException e) {
            throw new UserException(
                    "another import of this run is under way, in " + folder + " by " + e.holder()
                            + ". Let it end first.",
                    e);
        }
    }

    Path path() {
        return folder;
    }

    /** Removes what is in it. */
    void clear() throws IOException {
        try (Stream<Path> parts = Files.list(folder)) {
            for (Path part : parts.filter(part -> !part.endsWith(MARK)).toList()) {
                Folders.delete(part);
            }
        }
    }

    /** Makes it the run's folder. */
    void become(Path runFolder) throws IOException {
        Files.delete(folder.resolve(MARK));
        Folders.flush(folder);
        Folders.rename(folder, runFolder);
    }

    /** Removes it with all that is in it. */
    void remove() throws IOException {
        Folders.delete(folder);
    }

    @Override
    public void close() {
        mark.close();
    }
}

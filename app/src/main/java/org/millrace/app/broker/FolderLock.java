package org.millrace.app.broker;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.Properties;
import org.millrace.contract.HeldFile;
import org.millrace.contract.PrivateFolder;
import org.millrace.contract.UserException;

/**
 * Locks a data folder for one process; the lock file names that process and the address of its broker. Released by {@link #close()} or
 * when the process ends, in whatever way. Thread safe.
 */
final class FolderLock implements AutoCloseable {
    private static final String FILE = "millrace.lock";

    private final HeldFile file;
    private final Path folder;
    private final String command;

    private FolderLock(HeldFile file, Path folder, String command) {
        this.file = file;
        this.folder = folder;
        this.command = command;
    }

    /** Locks the folder, created if missing; throws {@link UserException} that names the holder where it is locked already. */
    static FolderLock take(Path dataFolder, String command) {
        Path folder = made(dataFolder);
        try {
            return new FolderLock(HeldFile.take(folder.resolve(FILE), owner(command, "")), folder, command);
        } catch (HeldFile.TakenException e) {
            throw inUse(dataFolder, e.holder());
        } catch (IOException e) {
            throw new UserException("cannot lock the data folder " + dataFolder + ": " + e, e);
        }
    }

    /** Records the broker's address for processes that find the folder locked. */
    void announce(String bootstrapServers) {
        try {
            file.write(owner(command, bootstrapServers));
        } catch (IOException e) {
            throw new UserException("cannot write " + folder.resolve(FILE) + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        file.close();
    }

    private static Path made(Path folder) {
        try {
            return PrivateFolder.make(folder).toRealPath();
        } catch (IOException e) {
            throw new UserException(
                    "cannot create the data folder " + folder + ": " + e
                            + "\nChoose another folder with --set run.data=FOLDER.",
                    e);
        }
    }

    private static String owner(String command, String bootstrapServers) {
        return "pid=" + ProcessHandle.current().pid() + "\ncommand=" + command + "\nbroker=" + bootstrapServers + "\n";
    }

    private static UserException inUse(Path folder, String owner) {
        Properties holder = new Properties();
        try {
            holder.load(new StringReader(owner));
        } catch (IOException | IllegalArgumentException e) {
            holder.clear();
        }
        String who = "the data folder " + folder + " is in use by process " + holder.getProperty("pid", "(unknown)")
                + " (" + holder.getProperty("command", "unknown command") + ")";
        String address = holder.getProperty("broker", "");
        String otherFolder = "choose another folder with --set run.data=FOLDER.";
        return new UserException(
                address.isEmpty()
                        ? who + ", which is starting or stopping its broker. Try again soon, or " + otherFolder
                        : who + ", whose broker listens on " + address + ". Add --bootstrap-server " + address
                                + " to work with it, or " + otherFolder);
    }
}

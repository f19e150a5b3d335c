package org.millrace.app.broker;

import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.UserException;

/**
 * Holds a data folder for one process; its file says who holds it and where that process's broker listens. The lock ends with {@link
 * #close()} or with the process, however that ends. Thread safe.
 */
final class FolderLock implements AutoCloseable {
    private static final String FILE = "millrace.lock";

    /**
     * Folders that this process holds, with the text of their files. A POSIX lock belongs to the process, and closing any channel on
     * the file releases it: a second opener in this process must not touch the file.
     */
    private static final Map<Path, String> HELD = new ConcurrentHashMap<>();

    private final Path folder;
    private final FileChannel channel;
    private final String command;

    private FolderLock(Path folder, FileChannel channel, String command) {
        this.folder = folder;
        this.channel = channel;
        this.command = command;
    }

    /** Takes the folder, made if missing; throws {@link UserException} that names the holder where it is taken. */
    static FolderLock take(Path dataFolder, String command) {
        Path folder = made(dataFolder);
        String owner = owner(command, "");
        String holder = HELD.putIfAbsent(folder, owner);
        if (holder != null) {
            throw inUse(dataFolder, holder);
        }
        @Nullable FileChannel channel = null;
        try {
            channel = FileChannel.open(
                    folder.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw inUse(dataFolder, read(channel));
            }
            write(channel, owner);
            return new FolderLock(folder, channel, command);
        } catch (IOException e) {
            release(folder, channel);
            throw new UserException("cannot lock the data folder " + dataFolder + ": " + e, e);
        } catch (UserException e) {
            release(folder, channel);
            throw e;
        }
    }

    /** Says where this process's broker listens, for those who find the folder taken. */
    void announce(String bootstrapServers) {
        String owner = owner(command, bootstrapServers);
        HELD.put(folder, owner);
        try {
            write(channel, owner);
        } catch (IOException e) {
            throw new UserException("cannot write " + folder.resolve(FILE) + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        release(folder, channel);
    }

    private static void release(Path folder, @Nullable FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } finally {
            HELD.remove(folder);
        }
    }

    private static Path made(Path folder) {
        try {
            return Files.createDirectories(folder).toRealPath();
        } catch (IOException e) {
            throw new UserException(
                    "cannot make the data folder " + folder + ": " + e
                            + "\nChoose another folder with --set run.data=FOLDER.",
                    e);
        }
    }

    private static String owner(String command, String bootstrapServers) {
        return "pid=" + ProcessHandle.current().pid() + "\ncommand=" + command + "\nbroker=" + bootstrapServers + "\n";
    }

    private static void write(FileChannel channel, String owner) throws IOException {
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(owner.getBytes(StandardCharsets.UTF_8)), 0);
    }

    private static String read(FileChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(4096);
        channel.read(bytes, 0);
        return StandardCharsets.UTF_8.decode(bytes.flip()).toString();
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

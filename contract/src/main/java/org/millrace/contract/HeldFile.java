package org.millrace.contract;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A file that one process holds, and in it words about the holder for a process that finds it taken. It is let go by {@link #close()} or with
 * the process, however that ends. Thread safe.
 */
public final class HeldFile implements AutoCloseable {
    private static final int MOST_BYTES = 4096;

    /**
     * Files that this process holds, with their words. A POSIX lock belongs to the process, and closing any channel on the file
     * releases it: a second opener in this process must not touch the file.
     */
    private static final Map<Path, String> HELD = new ConcurrentHashMap<>();

    private final Path file;
    private final FileChannel channel;

    private HeldFile(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Somebody else has the file. */
    public static final class TakenException extends Exception {
        private static final long serialVersionUID = 1;

        private final String holder;

        TakenException(String holder) {
            super("taken by " + holder);
            this.holder = holder;
        }

        /** The holder's words. */
        public String holder() {
            return holder;
        }
    }

    /** Takes the file, made if missing, in a folder that exists. */
    public static HeldFile take(Path path, String words) throws IOException, TakenException {
        Path file = Objects.requireNonNull(path.toAbsolutePath().getParent())
                .toRealPath()
                .resolve(Objects.requireNonNull(path.getFileName()));
        String holder = HELD.putIfAbsent(file, words);
        if (holder != null) {
            throw new TakenException(holder);
        }
        boolean taken = false;
        @Nullable FileChannel channel = null;
        try {
            channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (channel.tryLock() == null) {
                throw new TakenException(read(channel));
            }
            HeldFile held = new HeldFile(file, channel);
            held.write(words);
            taken = true;
            return held;
        } finally {
            if (!taken) {
                release(file, channel);
            }
        }
    }

    /** Changes the words. */
    public void write(String words) throws IOException {
        HELD.put(file, words);
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(words.getBytes(StandardCharsets.UTF_8)), 0);
    }

    @Override
    public void close() {
        try {
            release(file, channel);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void release(Path file, @Nullable FileChannel channel) throws IOException {
        try {
            if (channel != null) {
                channel.close();
            }
        } finally {
            HELD.remove(file);
        }
    }

    private static String read(FileChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(MOST_BYTES);
        channel.read(bytes, 0);
        return StandardCharsets.UTF_8.decode(bytes.flip()).toString();
    }
}

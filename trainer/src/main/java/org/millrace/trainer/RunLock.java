package org.millrace.trainer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.trainer.journal.RunWriter;

/** A run's folder, taken by the one trainer that may write there until it is closed or its process ends. */
final class RunLock implements AutoCloseable {
    private static final String FILE = "trainer.lock";

    private final FileChannel channel;

    private RunLock(FileChannel channel) {
        this.channel = channel;
    }

    /** @throws UserException that names the holder, where another trainer has it */
    static RunLock take(MillraceConfig config) {
        Path folder = config.run().folder();
        try {
            Files.createDirectories(folder);
            FileChannel channel = FileChannel.open(
                    folder.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (!locked(channel)) {
                String holder = read(channel);
                channel.close();
                throw new UserException(
                        "run " + config.run().name() + " is being trained already, by "
                                + (holder.isBlank() ? "another process" : holder) + ", in " + folder
                                + ". A run has one trainer at a time: stop that one, or start another run with --set run.name=NAME.");
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(RunWriter.thisProcess().getBytes(StandardCharsets.UTF_8)), 0);
            return new RunLock(channel);
        } catch (IOException e) {
            throw new UserException(
                    "cannot write to the folder of run " + config.run().name() + ", " + folder + ": " + e.getMessage()
                            + ". Is it writable? Choose another with --set run.data=FOLDER.",
                    e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) { // another trainer of this process
            return false;
        }
    }

    private static String read(FileChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(256);
        channel.read(bytes, 0);
        return StandardCharsets.UTF_8.decode(bytes.flip()).toString();
    }
}

package org.millrace.app.export;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.millrace.contract.UserException;

/** Writes a file atomically: under another name beside it, flushed, then renamed. */
public final class WholeFile {
    private WholeFile() {}

    /** Writes the file, replacing an existing one. */
    public static void write(Path file, byte[] bytes) {
        Path aside = file.resolveSibling("." + file.getFileName() + ".unfinished");
        try {
            try (var channel = FileChannel.open(
                    aside, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                ByteBuffer left = ByteBuffer.wrap(bytes);
                while (left.hasRemaining()) {
                    channel.write(left);
                }
                channel.force(true);
            }
            Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UserException(
                    "cannot write " + file + ": " + e + ". Is the disk full, or the folder not writable?", e);
        }
    }
}

package org.millrace.ingest.source;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Reads a file of the file system. One that cannot be read is reported as {@link UnreadableEntryException}: others go on. */
public final class FileReading {
    private FileReading() {}

    static Content read(Path file, int limit, OpenOption... options) throws IOException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            if (!attributes.isRegularFile()) {
                throw new UnreadableEntryException(
                        attributes.isDirectory()
                                ? "cannot be read: a folder; give it as a path of its own"
                                : "cannot be read: not a regular file");
            }
            try (InputStream in = Files.newInputStream(file, options)) {
                return Content.read(in, attributes.size(), limit);
            }
        } catch (ClosedByInterruptException | UnreadableEntryException e) {
            throw e;
        } catch (IOException e) {
            throw new UnreadableEntryException("cannot be read: " + why(e));
        }
    }

    /** What went wrong, in words; the file system's own exceptions say only the path. */
    public static String why(Exception e) {
        if (e instanceof NoSuchFileException || e instanceof FileNotFoundException) {
            return "no such file";
        }
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e.getMessage() == null) {
            return e instanceof EOFException
                    ? "it ends early"
                    : "it is damaged (" + e.getClass().getSimpleName() + ")";
        }
        return e.getMessage();
    }
}

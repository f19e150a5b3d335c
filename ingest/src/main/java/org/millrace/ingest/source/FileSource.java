package org.millrace.ingest.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.FileNames;

/** One image file. */
record FileSource(String path) implements ImageSource {
    @Override
    public EntryReader open() {
        return EntryReader.over(List.of(entry(path, FileNames.path(path))).iterator());
    }

    /** The entry of a file that the user named. */
    static SourceEntry entry(String given, Path file) {
        Path parent = file.toAbsolutePath().normalize().getParent();
        return new SourceEntry(
                SourceEntry.Origin.file(given),
                parent == null || parent.getFileName() == null ? null : FileNames.name(parent),
                null,
                modified(file),
                limit -> FileReading.read(file, limit));
    }

    private static @Nullable Instant modified(Path file) {
        try {
            return Files.getLastModifiedTime(file).toInstant();
        } catch (IOException e) {
            return null; // reading it says what is wrong
        }
    }
}

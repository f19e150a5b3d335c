package org.millrace.ingest.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.FileNames;

/** One image file. */
record FileSource(String path) implements ImageSource {
    @Override
    public boolean readInAnyOrder() {
        return true;
    }

    @Override
    public EntryReader open() {
        return new EntryReader() {
            private boolean given;

            @Override
            public Optional<SourceEntry> next() {
                if (given) {
                    return Optional.empty();
                }
                given = true;
                return Optional.of(entry(path, FileNames.path(path)));
            }

            @Override
            public void close() {}
        };
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

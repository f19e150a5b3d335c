package org.millrace.server.dashboard;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The folder of a run's checkpoints, listed without opening any file. */
final class CheckpointList {
    private static final String PREFIX = "step-";
    private static final int NEWEST = 8;

    private CheckpointList() {}

    static Sections.Checkpoints of(Path folder) {
        if (!Files.isDirectory(folder)) {
            return new Sections.Checkpoints(false, folder.toString(), List.of());
        }
        try (Stream<Path> children = Files.list(folder)) {
            List<Sections.CheckpointEntry> newest = children.filter(
                            child -> child.getFileName().toString().matches(PREFIX + "\\d{1,18}"))
                    .sorted(Comparator.<Path>reverseOrder())
                    .limit(NEWEST)
                    .flatMap(child -> entry(child).stream())
                    .toList();
            return new Sections.Checkpoints(true, folder.toString(), newest);
        } catch (IOException e) {
            return new Sections.Checkpoints(false, folder.toString(), List.of());
        }
    }

    // it may be removed meanwhile
    private static Optional<Sections.CheckpointEntry> entry(Path checkpoint) {
        try (Stream<Path> files = Files.list(checkpoint)) {
            long bytes = 0;
            for (Path file : files.toList()) {
                bytes += Files.size(file);
            }
            return Optional.of(new Sections.CheckpointEntry(
                    Long.parseLong(checkpoint.getFileName().toString().substring(PREFIX.length())),
                    bytes,
                    Files.getLastModifiedTime(checkpoint).toMillis()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}

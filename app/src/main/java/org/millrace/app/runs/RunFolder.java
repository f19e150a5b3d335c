package org.millrace.app.runs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.MillraceConfig;

/** The folders of runs in a data folder. */
final class RunFolder {
    private RunFolder() {}

    static Path of(MillraceConfig config, RunTopics run) {
        return config.run().data().resolve("runs").resolve(run.run());
    }

    /** Names of the runs that have one. */
    static List<String> names(MillraceConfig config) {
        Path runs = config.run().data().resolve("runs");
        if (!Files.isDirectory(runs)) {
            return List.of();
        }
        try (Stream<Path> folders = Files.list(runs)) {
            return folders.filter(Files::isDirectory)
                    .map(folder -> folder.getFileName().toString())
                    .filter(RunFolder::isLegal)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether a run may have that name. */
    static boolean isLegal(String name) {
        try {
            return new RunTopics(name).run().equals(name);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}

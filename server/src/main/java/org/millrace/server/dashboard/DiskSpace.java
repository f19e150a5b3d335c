package org.millrace.server.dashboard;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * The disk that the run's folder is on.
 *
 * @param usableBytes that are free for this user; empty where this machine has no such folder
 * @param totalBytes likewise
 */
record DiskSpace(OptionalLong usableBytes, OptionalLong totalBytes) {
    static final DiskSpace UNKNOWN = new DiskSpace(OptionalLong.empty(), OptionalLong.empty());
    private static final long LITTLE_BYTES = 1L << 30;
    private static final double LITTLE = 0.02;

    static DiskSpace of(Path folder) {
        try {
            if (!Files.isDirectory(folder)) {
                return UNKNOWN;
            }
            FileStore store = Files.getFileStore(folder);
            return new DiskSpace(OptionalLong.of(store.getUsableSpace()), OptionalLong.of(store.getTotalSpace()));
        } catch (IOException e) {
            return UNKNOWN; // it says nothing then, and the writers will
        }
    }

    /** Whether less than a gibibyte or a fiftieth is left. */
    boolean isLow() {
        return usableBytes.isPresent()
                && (usableBytes.getAsLong() < LITTLE_BYTES || usableBytes.getAsLong() < LITTLE * totalBytes.orElse(0));
    }
}

package org.millrace.server.dashboard;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * The disk that the run's folder is on.
 *
 * @param usableBytes that are free for this user; empty where this machine has no such folder
 * @param totalBytes likewise
 * @param parts what Millrace has on it, of the folders that exist
 */
record DiskSpace(OptionalLong usableBytes, OptionalLong totalBytes, List<Part> parts) {
    static final DiskSpace UNKNOWN = new DiskSpace(OptionalLong.empty(), OptionalLong.empty(), List.of());
    private static final long LITTLE_BYTES = 1L << 30;
    private static final double LITTLE = 0.02;

    DiskSpace {
        parts = List.copyOf(parts);
    }

    /** Whose folder. */
    enum What {
        RUN,
        BROKER
    }

    /**
     * A folder.
     *
     * @param budgetBytes that it may take ({@code disk.run-mib}, {@code disk.broker-mib}), where there is such a setting
     * @param bytesPerHour by which it grew in the last hour, or in the minutes that this process has looked
     */
    record Part(What what, long bytes, OptionalLong budgetBytes, OptionalDouble bytesPerHour) {
        boolean isOver() {
            return budgetBytes.isPresent() && bytes > budgetBytes.getAsLong();
        }
    }

    static DiskSpace of(Path folder, List<Part> parts) {
        try {
            if (!Files.isDirectory(folder)) {
                return UNKNOWN;
            }
            FileStore store = Files.getFileStore(folder);
            return new DiskSpace(
                    OptionalLong.of(store.getUsableSpace()), OptionalLong.of(store.getTotalSpace()), parts);
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

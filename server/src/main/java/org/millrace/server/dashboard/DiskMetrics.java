package org.millrace.server.dashboard;

import java.util.Locale;

/** What Millrace takes of the serving process's disk. */
final class DiskMetrics {
    private static final String BYTES = "bytes";

    private DiskMetrics() {}

    static void add(RunMetrics metrics, DiskSpace disk) {
        disk.usableBytes()
                .ifPresent(bytes ->
                        metrics.gauge("disk.free", "bytes free on the data folder's disk", BYTES, (double) bytes));
        for (DiskSpace.Part part : disk.parts()) {
            String what = part.what().name().toLowerCase(Locale.ROOT);
            metrics.gauge(
                    "disk.used",
                    "bytes of the run's folder, or of the embedded broker's",
                    BYTES,
                    (double) part.bytes(),
                    "part",
                    what);
            part.budgetBytes()
                    .ifPresent(bytes -> metrics.gauge(
                            "disk.budget",
                            "disk.run-mib or disk.broker-mib in bytes",
                            BYTES,
                            (double) bytes,
                            "part",
                            what));
        }
    }
}

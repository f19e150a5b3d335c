package org.millrace.server.dashboard;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.millrace.contract.FolderBytes;
import org.millrace.contract.config.MillraceConfig;

/** How large the run's folder and the embedded broker's are, and how fast they grow. Measured at most twice a minute. Not thread safe. */
final class DiskUse {
    private static final long LOOK_MILLIS = TimeUnit.SECONDS.toMillis(30);
    private static final long SPAN_MILLIS = TimeUnit.HOURS.toMillis(1);
    private static final long LEAST_SPAN_MILLIS = TimeUnit.MINUTES.toMillis(5);

    private final Path data;
    private final List<Folder> folders = new ArrayList<>();
    private Optional<DiskSpace> newest = Optional.empty();
    private long lookedMillis;

    /** A folder's size at a time. */
    private record Sample(long millis, long bytes) {}

    /** A folder with its sizes of the last hour, oldest first. */
    private record Folder(DiskSpace.What what, Path path, long budgetBytes, Deque<Sample> samples) {}

    DiskUse(MillraceConfig config) {
        this.data = config.run().data();
        folders.add(new Folder(
                DiskSpace.What.RUN, config.run().folder(), config.disk().runBytes(), new ArrayDeque<>()));
        folders.add(new Folder(
                DiskSpace.What.BROKER, data.resolve("broker"), config.disk().brokerBytes(), new ArrayDeque<>()));
    }

    /** As it was at the last look, or now where that is half a minute ago. */
    DiskSpace at(long nowMillis) {
        if (newest.isEmpty() || nowMillis - lookedMillis >= LOOK_MILLIS) {
            lookedMillis = nowMillis;
            newest = Optional.of(look(nowMillis));
        }
        return newest.get();
    }

    private DiskSpace look(long nowMillis) {
        List<DiskSpace.Part> parts = new ArrayList<>();
        for (Folder folder : folders) {
            if (Files.isDirectory(folder.path())) {
                parts.add(part(folder, nowMillis));
            }
        }
        return DiskSpace.of(data, parts);
    }

    private static DiskSpace.Part part(Folder folder, long nowMillis) {
        Sample now = new Sample(nowMillis, FolderBytes.of(folder.path()));
        Deque<Sample> samples = folder.samples();
        samples.add(now);
        while (now.millis() - samples.element().millis() > SPAN_MILLIS) {
            samples.remove();
        }
        Sample first = samples.element();
        long span = now.millis() - first.millis();
        return new DiskSpace.Part(
                folder.what(),
                now.bytes(),
                folder.budgetBytes() == 0 ? OptionalLong.empty() : OptionalLong.of(folder.budgetBytes()),
                span < LEAST_SPAN_MILLIS
                        ? OptionalDouble.empty()
                        : OptionalDouble.of((double) (now.bytes() - first.bytes()) / span * SPAN_MILLIS));
    }
}

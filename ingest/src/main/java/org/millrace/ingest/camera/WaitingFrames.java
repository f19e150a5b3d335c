package org.millrace.ingest.camera;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.millrace.ingest.source.SourceEntry;
import org.millrace.ingest.source.UnreadableEntryException;

/** Frames that wait to be sent, up to a number of bytes; beyond it the oldest are dropped. One thread adds, another takes. */
final class WaitingFrames {
    private record Waiting(SourceEntry entry, int bytes) {}

    private final LinkedBlockingDeque<Waiting> frames = new LinkedBlockingDeque<>();
    private final AtomicLong bytes = new AtomicLong();
    private final long mostBytes;

    WaitingFrames(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    /** Adds a frame; returns how many older ones were dropped for it. */
    int add(SourceEntry entry) throws IOException {
        int size = sizeOf(entry);
        frames.add(new Waiting(entry, size));
        bytes.addAndGet(size);
        int dropped = 0;
        while (bytes.get() > mostBytes
                && frames.size() > 1
                && taken(frames.poll()).isPresent()) {
            dropped++;
        }
        return dropped;
    }

    /** The oldest frame; waits at most that long for one. */
    Optional<SourceEntry> poll(Duration patience) throws InterruptedException {
        return taken(frames.poll(patience.toMillis(), TimeUnit.MILLISECONDS));
    }

    int size() {
        return frames.size();
    }

    private static int sizeOf(SourceEntry entry) throws IOException {
        try {
            return entry.reading().read(Integer.MAX_VALUE).bytes().length;
        } catch (UnreadableEntryException e) {
            return 0; // only its reason is there
        }
    }

    private Optional<SourceEntry> taken(@Nullable Waiting waiting) {
        if (waiting == null) {
            return Optional.empty();
        }
        bytes.addAndGet(-waiting.bytes());
        return Optional.of(waiting.entry());
    }
}

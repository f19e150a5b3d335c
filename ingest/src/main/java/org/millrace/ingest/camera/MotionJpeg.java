package org.millrace.ingest.camera;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.FileNames;
import org.millrace.contract.image.JpegFrames;
import org.millrace.ingest.source.EntryReader;
import org.millrace.ingest.source.FrameSource;
import org.millrace.ingest.source.ImageSource;
import org.millrace.ingest.source.SourceEntry;

/** Motion JPEG, frame by frame as entries: of a pipe with the time of arrival, of a file without a time. Not thread safe. */
public final class MotionJpeg implements EntryReader {
    private final InputStream in;
    private final JpegFrames frames;
    private final FrameEntries entries;
    private final @Nullable Clock clock;
    private final FrameCounts counts;
    private long countedBytes;

    /** @param clock of the time of arrival, if it is wanted */
    MotionJpeg(InputStream in, int maxBytes, FrameEntries entries, @Nullable Clock clock, FrameCounts counts) {
        this.in = in;
        this.frames = new JpegFrames(in, maxBytes);
        this.entries = entries;
        this.clock = clock;
        this.counts = counts;
    }

    /**
     * The frames that come through a pipe, as fast as they are read: a writer that is faster waits.
     *
     * @param in is closed with the source's reader
     */
    public static ImageSource pipe(
            CameraRequest camera, InputStream in, int maxBytes, Clock clock, FrameCounts counts) {
        var entries = new FrameEntries(camera.source(), session(camera, clock), camera.every(), counts);
        return new FrameSource(camera.source(), () -> new MotionJpeg(in, maxBytes, entries, clock, counts));
    }

    /** The frames of a file, which do not say when they were taken. */
    public static ImageSource file(String source, Path file, int maxBytes, FrameCounts counts) {
        return new FrameSource(FileNames.text(file), () -> {
            var entries = new FrameEntries(source, FileNames.name(file), Duration.ZERO, counts);
            return new MotionJpeg(Files.newInputStream(file), maxBytes, entries, null, counts);
        });
    }

    /** What the ids of this reading begin with, unlike those of any other of the same camera. */
    static String session(CameraRequest camera, Clock clock) {
        return camera.source() + "/" + now(clock);
    }

    private static Instant now(Clock clock) {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    @Override
    public Optional<SourceEntry> next() throws IOException {
        while (true) {
            Optional<JpegFrames.Frame> frame = frames.next();
            counts.skip(frames.skippedBytes() - countedBytes);
            countedBytes = frames.skippedBytes();
            if (frame.isEmpty()) {
                return Optional.empty();
            }
            Optional<SourceEntry> entry = entries.entry(frame.get(), clock == null ? null : now(clock));
            if (entry.isPresent()) {
                return entry;
            }
        }
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}

package org.millrace.ingest.source;

import java.io.IOException;
import java.util.OptionalLong;

/**
 * The frames of a camera or of a recording.
 *
 * @param frames opens them; those of a camera come once
 */
public record FrameSource(String path, Opening frames) implements ImageSource {
    /** Opens the frames. */
    @FunctionalInterface
    public interface Opening {
        EntryReader open() throws IOException;
    }

    @Override
    public EntryReader open() throws IOException {
        return frames.open();
    }

    @Override
    public boolean readInAnyOrder() {
        return false;
    }

    @Override
    public OptionalLong count() {
        return OptionalLong.empty();
    }

    @Override
    public SourceException holdsNothing() {
        return new SourceException(
                "push: %s held no JPEG; wanted Motion JPEG, as `ffmpeg -i … -c:v mjpeg -f mjpeg -` writes it"
                        .formatted(path));
    }
}

package org.millrace.ingest.camera;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.OutsideText;
import org.millrace.contract.image.JpegFrames;
import org.millrace.contract.image.JpegFrames.Frame;
import org.millrace.ingest.source.Content;
import org.millrace.ingest.source.SourceEntry;
import org.millrace.ingest.source.UnreadableEntryException;

/**
 * Makes entries of a camera's frames: numbers them from 1, and leaves out those that arrive too soon after the last one taken. One that
 * is cut or too large is always an entry, so that it is rejected with its reason. Used by one thread, except {@link #lastArrival}.
 */
final class FrameEntries {
    private final String source;
    private final String idsBegin;
    private final Duration every;
    private final FrameCounts counts;
    private long number;
    private @Nullable Instant lastTaken;
    private volatile @Nullable Instant lastArrival;

    /** @param idsBegin what the ids begin with; no two readings of a camera may share it */
    FrameEntries(String source, String idsBegin, Duration every, FrameCounts counts) {
        this.source = source;
        this.idsBegin = idsBegin;
        this.every = every;
        this.counts = counts;
    }

    /** @param arrival if known: becomes the header {@code captured-at} */
    Optional<SourceEntry> entry(Frame frame, @Nullable Instant arrival) {
        number++;
        lastArrival = arrival;
        if (frame.state() == JpegFrames.State.WHOLE && arrival != null) {
            if (isTooSoon(arrival)) {
                counts.thin();
                return Optional.empty();
            }
            lastTaken = arrival;
        }
        String name = String.format(Locale.ROOT, "%06d", number);
        var origin = new SourceEntry.Origin(source, name, source + "!" + name, OutsideText.of(idsBegin + "!" + name));
        return Optional.of(new SourceEntry(origin, null, null, arrival, reading(frame)));
    }

    /** When the last frame arrived, also one that was left out; for any thread. */
    Optional<Instant> lastArrival() {
        return Optional.ofNullable(lastArrival);
    }

    /** A clock that was set back must not stop the camera. */
    private boolean isTooSoon(Instant arrival) {
        return lastTaken != null
                && !arrival.isBefore(lastTaken)
                && Duration.between(lastTaken, arrival).compareTo(every) < 0;
    }

    /** Holds no more than the entry needs, since entries wait. */
    private static SourceEntry.Reading reading(Frame frame) {
        int length = frame.bytes().length;
        return switch (frame.state()) {
            case WHOLE -> reading(Content.of(frame.bytes()));
            case TOO_LARGE -> reading(Content.tooLarge(frame.bytes(), length + 1L, false));
            case CUT ->
                limit -> {
                    throw new UnreadableEntryException(
                            "damaged JPEG: it is cut after %d bytes, before its end (marker EOI)".formatted(length));
                };
        };
    }

    private static SourceEntry.Reading reading(Content content) {
        return limit -> content;
    }
}

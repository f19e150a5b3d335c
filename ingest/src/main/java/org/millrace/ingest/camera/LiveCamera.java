package org.millrace.ingest.camera;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.Threads;
import org.millrace.contract.UserException;
import org.millrace.ingest.source.EntryReader;
import org.millrace.ingest.source.FrameSource;
import org.millrace.ingest.source.ImageSource;
import org.millrace.ingest.source.SourceEntry;

/**
 * Frames of a camera over HTTP, without an end: a thread of its own reads them, and connects again when the stream ends or is silent, with
 * growing pauses. Frames wait until they are taken, the oldest dropped where too many wait. {@link #next} is for one thread, which
 * also closes it.
 */
public final class LiveCamera implements EntryReader {
    /** After this long without a frame, connects again. */
    static final Duration MOST_SILENCE = Duration.ofSeconds(60);

    private static final Duration LEAST_PAUSE = Duration.ofSeconds(1);
    private static final Duration MOST_PAUSE = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final long WAITING_BYTES = 32L << 20;

    private final CameraRequest camera;
    private final HttpCamera http;
    private final int maxBytes;
    private final FrameCounts counts;
    private final Consumer<String> words;
    private final CameraTime time;
    private final FrameEntries entries;
    private final WaitingFrames waiting;
    private final Thread thread = new Thread(this::read, "millrace-camera");
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    private volatile @Nullable InputStream connected;
    private volatile Instant connectedAt;
    private volatile boolean silent;
    private volatile boolean dropping;
    private volatile boolean closing;

    private LiveCamera(
            CameraRequest camera,
            HttpCamera http,
            int maxBytes,
            FrameCounts counts,
            Consumer<String> words,
            CameraTime time) {
        this.camera = camera;
        this.http = http;
        this.maxBytes = maxBytes;
        this.counts = counts;
        this.words = words;
        this.time = time;
        this.entries =
                new FrameEntries(camera.source(), MotionJpeg.session(camera, time.clock()), camera.every(), counts);
        this.waiting = new WaitingFrames(Math.max(WAITING_BYTES, 2L * maxBytes));
        this.connectedAt = time.clock().instant();
    }

    /**
     * A camera's frames. Opening them connects, and throws a {@link UserException} where that fails; later failures are reported and retried.
     *
     * @param words receives a sentence when frames stop, come again, or are dropped; called on any thread
     */
    public static ImageSource at(
            CameraAddress address, CameraRequest camera, int maxBytes, FrameCounts counts, Consumer<String> words) {
        return at(address, camera, maxBytes, counts, words, CameraTime.SYSTEM);
    }

    static ImageSource at(
            CameraAddress address,
            CameraRequest camera,
            int maxBytes,
            FrameCounts counts,
            Consumer<String> words,
            CameraTime time) {
        return new FrameSource(address.shown(), () -> {
            var live = new LiveCamera(camera, new HttpCamera(address), maxBytes, counts, words, time);
            live.start(address);
            return live;
        });
    }

    @Override
    public Optional<SourceEntry> next() throws IOException {
        try {
            while (true) {
                Optional<SourceEntry> entry = waiting.poll(POLL);
                if (entry.isPresent()) {
                    return entry;
                }
                dropping = false;
                requireNoFailure();
                reconnectIfSilent();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClosedByInterruptException();
        }
    }

    /** Frames that still wait count as dropped. */
    @Override
    public void close() throws IOException {
        closing = true;
        thread.interrupt();
        InputStream open = connected;
        if (open != null) {
            open.close();
        }
        Threads.awaitEnd(thread);
        counts.drop(waiting.size());
    }

    private void start(CameraAddress address) throws IOException {
        try {
            connected = http.connect();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClosedByInterruptException();
        } catch (IOException e) {
            throw new UserException("watch: %s: %s".formatted(address.shown(), HttpCamera.why(e)), e);
        }
        thread.setDaemon(true);
        thread.start();
    }

    private void read() {
        try {
            readUntilClosed();
        } catch (InterruptedException e) {
            if (!closing) {
                failure.compareAndSet(null, e);
            }
        } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, e);
        }
    }

    /** connect → frames → report why they ended → pause, until closed. */
    private void readUntilClosed() throws InterruptedException {
        Duration pause = LEAST_PAUSE;
        boolean reported = false;
        while (true) {
            boolean came = false;
            String problem = "the stream ended";
            try (var frames = new MotionJpeg(connection(), maxBytes, entries, time.clock(), counts)) {
                for (Optional<SourceEntry> next = frames.next(); next.isPresent(); next = frames.next()) {
                    if (reported && !came) {
                        words.accept(camera.source() + " is back");
                    }
                    came = true;
                    add(next.get());
                }
            } catch (IOException e) {
                problem = silent ? "no frame for %d s".formatted(MOST_SILENCE.toSeconds()) : HttpCamera.why(e);
            }
            connected = null;
            if (closing) {
                return;
            }
            if (came || !reported) {
                words.accept("%s: %s; connecting again until it is back".formatted(camera.source(), problem));
                reported = true;
                pause = LEAST_PAUSE;
            }
            time.pause().await(pause);
            pause = pause.multipliedBy(2).compareTo(MOST_PAUSE) < 0 ? pause.multipliedBy(2) : MOST_PAUSE;
        }
    }

    private InputStream connection() throws IOException, InterruptedException {
        InputStream open = connected;
        if (open == null) {
            open = http.connect();
            silent = false;
            connectedAt = time.clock().instant();
            connected = open;
        }
        return open;
    }

    private void add(SourceEntry frame) throws IOException {
        int dropped = waiting.add(frame);
        counts.drop(dropped);
        if (dropped > 0 && !dropping) {
            dropping = true;
            words.accept(camera.source()
                    + ": frames come faster than the broker accepts them; the oldest that wait are dropped");
        }
    }

    private void reconnectIfSilent() throws IOException {
        InputStream open = connected;
        Instant then = entries.lastArrival().filter(connectedAt::isBefore).orElse(connectedAt);
        if (open != null && then.plus(MOST_SILENCE).isBefore(time.clock().instant())) {
            silent = true;
            open.close(); // ends the read on the other thread
        }
    }

    private void requireNoFailure() {
        Throwable problem = failure.get();
        if (problem != null) {
            throw new IllegalStateException("the thread of camera " + camera.source() + " failed", problem);
        }
    }
}

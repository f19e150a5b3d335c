package org.millrace.server.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable.InvocationType;
import org.jspecify.annotations.Nullable;

/**
 * A response that is sent without blocking the thread that wrote it: bytes that the client has not read yet are buffered. The writer waits
 * once they exceed {@link #MOST_BYTES}, or {@link #MOST_BYTES_OF_ALL} over all responses. A client that reads less than 1 KiB/s over 20 s
 * loses its connection. Thread safe.
 */
final class Answer extends Response.Wrapper {
    /** Larger than any response of Millrace except features of thousands of images. */
    static final int MOST_BYTES = 1 << 20;

    static final int MOST_BYTES_OF_ALL = 32 << 20;

    private static final int PIECE = 8 << 10;
    private static final double STRETCH_SECONDS = 20;
    private static final double LEAST_BYTES_PER_SECOND = 1024;
    private static final long LOOK_MILLIS = 500;

    private final LongSupplier nanoTime;
    private final AtomicInteger bytesOfAll;
    private final Deque<Piece> pieces = new ArrayDeque<>();
    private @Nullable Callback held;
    private @Nullable Callback end;
    private @Nullable Throwable failure;
    private boolean writing;
    private boolean looking;
    private int bytes;
    private long begin;
    private long read;

    private record Piece(ByteBuffer content, boolean last) {}

    /** @param bytesOfAll buffered in all responses of the server */
    Answer(Request request, Response response, LongSupplier nanoTime, AtomicInteger bytesOfAll) {
        super(request, response);
        this.bytesOfAll = bytesOfAll;
        this.nanoTime = nanoTime;
    }

    /** Copies the content; completes the callback at once, unless too much is buffered. */
    @Override
    public void write(boolean last, @Nullable ByteBuffer content, Callback callback) {
        @Nullable Throwable failed;
        boolean full;
        synchronized (this) {
            failed = failure;
            if (failed == null) {
                add(last, content);
            }
            full = failed == null && isFull();
            held = full ? callback : held;
        }
        if (failed != null) {
            callback.failed(failed);
            return;
        }
        next();
        if (!full) {
            callback.succeeded();
        }
    }

    /** Completes the callback when everything has been written to the network, or the connection is lost. */
    void whenWritten(Callback callback) {
        @Nullable Throwable failed;
        synchronized (this) {
            if (writing || !pieces.isEmpty()) {
                end = callback;
                return;
            }
            failed = failure;
        }
        if (failed == null) {
            callback.succeeded();
        } else {
            callback.failed(failed);
        }
    }

    private void add(boolean last, @Nullable ByteBuffer content) {
        if (pieces.isEmpty() && !writing) {
            begin = nanoTime.getAsLong();
            read = 0;
        }
        ByteBuffer rest = content == null ? ByteBuffer.allocate(0) : copy(content);
        bytes += rest.remaining();
        bytesOfAll.addAndGet(rest.remaining());
        do {
            int length = Math.min(PIECE, rest.remaining());
            ByteBuffer piece = rest.slice(rest.position(), length);
            rest.position(rest.position() + length);
            pieces.add(new Piece(piece, last && !rest.hasRemaining()));
        } while (rest.hasRemaining());
    }

    private boolean isFull() {
        return bytes > MOST_BYTES || (bytes > 0 && bytesOfAll.get() > MOST_BYTES_OF_ALL);
    }

    private static ByteBuffer copy(ByteBuffer content) {
        ByteBuffer copy = ByteBuffer.allocate(content.remaining());
        copy.put(content);
        return copy.flip();
    }

    private void next() {
        Piece piece;
        synchronized (this) {
            if (writing || pieces.isEmpty()) {
                return;
            }
            piece = pieces.remove();
            writing = true;
        }
        int length = piece.content().remaining();
        super.write(
                piece.last(),
                piece.content(),
                Callback.from(InvocationType.NON_BLOCKING, () -> written(length), this::lost));
        watch();
    }

    private void written(int length) {
        @Nullable Callback released = null;
        @Nullable Callback ended = null;
        synchronized (this) {
            writing = false;
            bytes -= length;
            bytesOfAll.addAndGet(-length);
            read += length;
            if (!isFull()) {
                released = held;
                held = null;
            }
            if (pieces.isEmpty()) {
                ended = end;
                end = null;
            }
        }
        next();
        if (released != null) {
            released.succeeded();
        }
        if (ended != null) {
            ended.succeeded();
        }
    }

    private void lost(Throwable problem) {
        @Nullable Callback refused;
        @Nullable Callback ended;
        synchronized (this) {
            writing = false;
            failure = problem;
            pieces.clear();
            bytesOfAll.addAndGet(-bytes);
            bytes = 0;
            refused = held;
            held = null;
            ended = end;
            end = null;
        }
        if (refused != null) {
            refused.failed(problem);
        }
        if (ended != null) {
            ended.failed(problem);
        }
    }

    /** Checks the client's pace periodically while anything is buffered. */
    private void watch() {
        synchronized (this) {
            if (!writing || looking) {
                return;
            }
            looking = true;
        }
        var unused =
                getRequest().getComponents().getScheduler().schedule(this::look, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void look() {
        boolean slow;
        synchronized (this) {
            looking = false;
            double seconds = (nanoTime.getAsLong() - begin) / 1e9;
            slow = writing && seconds > STRETCH_SECONDS && read < seconds * LEAST_BYTES_PER_SECOND;
            if (seconds > STRETCH_SECONDS) {
                begin = nanoTime.getAsLong();
                read = 0;
            }
        }
        if (slow) {
            getRequest()
                    .getConnectionMetaData()
                    .getConnection()
                    .getEndPoint()
                    .close(new IOException("the client reads the response too slowly"));
        } else {
            watch();
        }
    }
}

package org.millrace.server.http;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.thread.Invocable;

/**
 * Collects the body of one request in memory as it arrives; no thread waits for it. The memory is taken from the {@link Room} block by
 * block. Completes once: with the whole body, or a problem.
 */
final class IncomingBody implements Invocable.Task {
    private static final int LEAST_BLOCK = 256;
    private static final int MOST_BLOCK = 256 * 1024;

    private final Request request;
    private final Room.Place place;
    private final long maxBytes;
    private final Pace pace;
    private final Consumer<Deque<ByteBuffer>> whole;
    private final Consumer<HttpProblem> refused;
    /** The blocks received; all but the last are full. */
    private final Deque<ByteBuffer> blocks = new ArrayDeque<>();

    private long bytes;

    /** @param place owned by the caller */
    IncomingBody(
            Request request,
            Room.Place place,
            long maxBytes,
            LongSupplier nanoTime,
            Consumer<Deque<ByteBuffer>> whole,
            Consumer<HttpProblem> refused) {
        this.request = request;
        this.place = place;
        this.maxBytes = maxBytes;
        this.pace = new Pace(nanoTime);
        this.whole = whole;
        this.refused = refused;
    }

    /** Reads what is available and asks to be run again when there is more. */
    @Override
    public void run() {
        try {
            while (true) {
                Content.Chunk chunk = request.read();
                if (chunk == null) {
                    request.demand(this);
                    return;
                }
                if (Content.Chunk.isFailure(chunk)) {
                    throw problem(chunk.getFailure());
                }
                boolean last = chunk.isLast();
                try {
                    take(chunk.getByteBuffer());
                } finally {
                    chunk.release();
                }
                if (last) {
                    blocks.forEach(ByteBuffer::flip);
                    whole.accept(blocks);
                    return;
                }
            }
        } catch (HttpProblem problem) {
            blocks.clear();
            refused.accept(problem);
        }
    }

    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    private void take(ByteBuffer content) {
        pace.count(content.remaining());
        bytes += content.remaining();
        if (bytes > maxBytes) {
            throw tooLarge(maxBytes);
        }
        while (content.hasRemaining()) {
            if (blocks.isEmpty() || !blocks.getLast().hasRemaining()) {
                long size = Math.max(LEAST_BLOCK, Math.min(MOST_BLOCK, Math.max(bytes, content.remaining())));
                place.grow((int) size);
                blocks.add(ByteBuffer.allocate((int) size));
            }
            ByteBuffer block = blocks.getLast();
            int some = Math.min(block.remaining(), content.remaining());
            block.put(content.slice().limit(some));
            content.position(content.position() + some);
        }
    }

    static HttpProblem tooLarge(long maxBytes) {
        return new HttpProblem(413, "the body is larger than the limit of " + maxBytes + " bytes");
    }

    private static HttpProblem problem(Throwable failure) {
        return failure instanceof TimeoutException
                ? new HttpProblem(
                        408, "the body arrives too slowly: nothing for " + HttpServer.IDLE_MILLIS / 1000 + " s")
                : new HttpProblem(400, "the body ended early, or is not framed as its headers say");
    }
}

package org.millrace.server.http;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable;

/**
 * Runs after a refusal: discards what the client still sends, for at most two seconds, because closing the connection earlier would lose
 * the response. The response has been sent by then, and no thread waits.
 */
final class Farewell implements Invocable.Task {
    private static final long MOST_SECONDS = 2;

    private final Request request;
    private final Callback callback;
    private final AtomicBoolean over = new AtomicBoolean();

    private Farewell(Request request, Callback callback) {
        this.request = request;
        this.callback = callback;
    }

    static void begin(Request request, Callback callback) {
        Farewell farewell = new Farewell(request, callback);
        var unused = request.getComponents().getScheduler().schedule(farewell::end, MOST_SECONDS, TimeUnit.SECONDS);
        farewell.run();
    }

    @Override
    public void run() {
        while (!over.get()) {
            Content.Chunk chunk = request.read();
            if (chunk == null) {
                request.demand(this);
                return;
            }
            boolean last = chunk.isLast() || Content.Chunk.isFailure(chunk);
            chunk.release();
            if (last) {
                end();
            }
        }
    }

    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    private void end() {
        if (!over.getAndSet(true)) {
            callback.succeeded();
        }
    }
}

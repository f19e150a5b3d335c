package org.millrace.server.dashboard;

import io.javalin.http.Context;
import io.javalin.http.sse.SseClient;
import io.javalin.http.sse.SseHandler;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.millrace.server.dashboard.LiveState.Message;
import org.millrace.server.http.HttpProblem;

/** Streams of server-sent events to open pages, one thread each, so that a slow page delays no other. Thread safe. */
final class EventStreams implements AutoCloseable {
    static final int MOST_WATCHERS = 24;
    private static final Duration HEARTBEAT = Duration.ofSeconds(5);

    private final LiveState live;
    private final Semaphore places = new Semaphore(MOST_WATCHERS);
    private final ExecutorService threads;

    EventStreams(LiveState live) {
        this.live = live;
        this.threads = Executors.newCachedThreadPool(work -> {
            Thread thread = new Thread(work, "millrace-watcher");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Responds with a stream: the whole state, or the changes that a reconnecting page missed, and then every change until it disconnects.
     * Throws {@link HttpProblem} 503 where too many pages are open.
     */
    void answer(Context context) throws Exception {
        if (!places.tryAcquire()) {
            throw HttpProblem.unavailable(MOST_WATCHERS + " pages are open already, which is the limit; close one");
        }
        AtomicBoolean held = new AtomicBoolean(true);
        Runnable release = () -> {
            if (held.getAndSet(false)) {
                places.release();
            }
        };
        try { // the handler sends its status 200 first, and calls back on another thread: only here can a page be
            // refused
            new SseHandler(client -> watch(client, release)).handle(context);
        } catch (Exception | Error e) {
            release.run();
            throw e;
        }
    }

    private void watch(SseClient client, Runnable release) {
        client.keepAlive();
        threads.execute(() -> {
            live.watchers(1);
            try {
                send(client);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                client.close();
                live.watchers(-1);
                release.run();
            }
        });
    }

    /** Ends every stream; pages reconnect when the server is back. */
    @Override
    public void close() {
        threads.shutdownNow();
        try {
            threads.awaitTermination(2, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void send(SseClient client) throws InterruptedException {
        Optional<Long> known =
                Optional.ofNullable(client.ctx().header("Last-Event-ID")).flatMap(live::sequenceOf);
        long seen = known.isPresent() ? known.get() : sent(client, live.snapshot());
        while (!client.terminated()) {
            List<Message> messages = live.after(seen, HEARTBEAT);
            if (messages.isEmpty()) {
                client.sendComment("still here");
            }
            for (Message message : messages) {
                seen = sent(client, message);
            }
        }
    }

    private long sent(SseClient client, Message message) {
        client.sendEvent(message.kind().name().toLowerCase(Locale.ROOT), message.json(), live.id(message));
        return message.sequence();
    }
}

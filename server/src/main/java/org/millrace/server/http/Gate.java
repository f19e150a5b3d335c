package org.millrace.server.http;

import io.javalin.http.Context;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.MultiPartFormData;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.millrace.contract.OutsideText;
import org.millrace.contract.event.Json;

/**
 * The path of every request to its route: guard → body → worker. The guard checks the headers; the body is read into bounded memory without
 * blocking a thread; a worker runs the route. Health checks have their own workers. Nothing here blocks, so that network threads are
 * always free. Thread safe.
 */
final class Gate extends Handler.Wrapper {
    private static final int WORKERS = 48;
    private static final int HEALTH_WORKERS = 2;
    private static final int MOST_WAITING = 1024;
    private static final long IDLE_SECONDS = 30;
    private static final long STOP_SECONDS = 2;
    private static final String CLIENT = "millrace.client";
    private static final String FORM = MultiPartFormData.class.getName();

    private final Guard guard;
    private final Room room;
    private final long maxBodyBytes;
    private final LongSupplier nanoTime;
    private final Set<String> healthPaths;
    private final AtomicInteger unreadBytes = new AtomicInteger();
    private final ThreadPoolExecutor workers = pool("millrace-http", WORKERS);
    private final ThreadPoolExecutor healthWorkers = pool("millrace-health", HEALTH_WORKERS);

    Gate(Guard guard, Room room, long maxBodyBytes, LongSupplier nanoTime, Set<String> healthPaths) {
        this.guard = guard;
        this.room = room;
        this.maxBodyBytes = maxBodyBytes;
        this.nanoTime = nanoTime;
        this.healthPaths = healthPaths;
    }

    /** A request with its response. */
    private record Exchange(Request request, Response response, Callback callback) {}

    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        Exchange exchange = new Exchange(request, response, callback);
        Guard.HEADERS.forEach(response.getHeaders()::put);
        try {
            guard.admit(request);
            request.setAttribute(CLIENT, guard.client(request));
            Query query = Query.parse(request.getHttpURI().getQuery());
            boolean health =
                    healthPaths.contains(String.valueOf(request.getHttpURI().getPath()));
            Optional<Guard.Entry> entry = health ? Optional.empty() : guard.identify(request, query);
            if (entry.isPresent()) {
                redirect(exchange, entry.get());
            } else if (hasBody(request)) {
                requireUncoded(request);
                collect(exchange, health ? healthWorkers : workers);
            } else {
                dispatch(exchange, new HeldRequest(request, new ArrayDeque<>()), health ? healthWorkers : workers);
            }
        } catch (HttpProblem problem) {
            refuse(exchange, problem);
        }
        return true;
    }

    @Override
    protected void doStop() throws Exception {
        super.doStop();
        for (ThreadPoolExecutor pool : new ThreadPoolExecutor[] {workers, healthWorkers}) {
            pool.shutdown();
            boolean unused = pool.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
        }
    }

    /** The client's address, as {@link Guard#client} determined it. */
    static String client(Context context) {
        return String.valueOf(context.req().getAttribute(CLIENT));
    }

    private void collect(Exchange exchange, ThreadPoolExecutor pool) {
        Request request = exchange.request();
        if (request.getHeaders().getLongField(HttpHeader.CONTENT_LENGTH) > maxBodyBytes) {
            throw IncomingBody.tooLarge(maxBodyBytes);
        }
        Room.Place place = room.begin(String.valueOf(request.getAttribute(CLIENT)));
        Request.addCompletionListener(request, failure -> place.close());
        new IncomingBody(
                        request,
                        place,
                        maxBodyBytes,
                        nanoTime,
                        blocks -> dispatch(exchange, new HeldRequest(request, blocks), pool),
                        problem -> {
                            place.close(); // before the response: the client may retry at once
                            refuse(exchange, problem);
                        })
                .run();
    }

    private void dispatch(Exchange exchange, Request request, ThreadPoolExecutor pool) {
        try {
            pool.execute(() -> serve(request, exchange));
        } catch (RejectedExecutionException e) {
            refuse(exchange, HttpProblem.unavailable("too many requests are waiting; send it again later"));
        }
    }

    private void serve(Request request, Exchange exchange) {
        Callback whole = exchange.callback();
        Answer answer = new Answer(exchange.request(), exchange.response(), nanoTime, unreadBytes);
        AfterReturn callback = new AfterReturn(Callback.from(() -> answer.whenWritten(whole), whole::failed));
        try {
            if (!super.handle(request, answer, callback)) {
                Response.writeError(request, answer, callback, 404);
            }
        } catch (Exception | Error e) {
            Response.writeError(request, answer, callback, e);
        } finally {
            exchange.request().removeAttribute(FORM); // Jetty fails on closing a form that it could not read
            callback.returned();
        }
    }

    /** Responds at once, and closes the connection where a body is still to come. */
    private static void refuse(Exchange exchange, HttpProblem problem) {
        Response response = exchange.response();
        boolean body = hasBody(exchange.request());
        response.setStatus(problem.status());
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
        problem.retryAfterSeconds()
                .ifPresent(seconds -> response.getHeaders().put(HttpHeader.RETRY_AFTER, String.valueOf(seconds)));
        if (problem.status() == 401) {
            response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
        }
        if (body) {
            response.getHeaders().put(HttpHeader.CONNECTION, "close");
        }
        byte[] words = Json.write(Map.of("error", String.valueOf(problem.getMessage())));
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, words.length);
        Callback callback = exchange.callback();
        response.write(
                true,
                ByteBuffer.wrap(words),
                body ? Callback.from(() -> Farewell.begin(exchange.request(), callback), callback::failed) : callback);
    }

    private static void redirect(Exchange exchange, Guard.Entry entry) {
        Response response = exchange.response();
        response.setStatus(303);
        response.getHeaders().put(HttpHeader.LOCATION, entry.location());
        response.getHeaders().put(HttpHeader.SET_COOKIE, entry.cookie());
        response.write(true, ByteBuffer.allocate(0), exchange.callback());
    }

    private static void requireUncoded(Request request) {
        String coding = request.getHeaders().get(HttpHeader.CONTENT_ENCODING);
        if (coding != null && !coding.equalsIgnoreCase("identity")) {
            throw new HttpProblem(
                    415,
                    "the body has 'Content-Encoding: " + OutsideText.of(coding)
                            + "', which this server does not undo: send the file as it is, without that header");
        }
    }

    private static boolean hasBody(Request request) {
        return request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING)
                || request.getHeaders().getLongField(HttpHeader.CONTENT_LENGTH) > 0;
    }

    private static ThreadPoolExecutor pool(String name, int threads) {
        AtomicInteger number = new AtomicInteger();
        var pool = new ThreadPoolExecutor(
                threads, threads, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(MOST_WAITING), work -> {
                    Thread thread = new Thread(work, name + "-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }
}

package org.millrace.server.http;

import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.config.SizeUnit;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.UserException;
import org.millrace.contract.config.HttpConfig;
import org.millrace.contract.event.Json;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An HTTP server with bounded threads and bodies that slow clients cannot block ({@link Gate}); the body of every error is {@code {"error":
 * …}}. Thread safe. Closing it closes its routes.
 */
public final class HttpServer implements AutoCloseable {
    /** A connection idle for longer is closed. */
    public static final int IDLE_MILLIS = 20_000;

    private static final Logger log = LoggerFactory.getLogger(HttpServer.class);
    /** Network threads; routes run on the workers of {@link Gate}. */
    private static final int MOST_THREADS = 16;

    private static final int LEAST_THREADS = 4;
    private static final int ACCEPTORS = 1;
    private static final int SELECTORS = 2;
    /** Socket send buffer for a client that does not read; Linux doubles it. */
    private static final int SEND_BUFFER_BYTES = 128 << 10;

    private static final int PORTS_TRIED = 20;
    private static final long LEAST_ROOM_BYTES = 96L << 20;

    private final Javalin javalin;
    private final URI address;
    private final List<Routes> routes;

    private HttpServer(Javalin javalin, URI address, List<Routes> routes) {
        this.javalin = javalin;
        this.address = address;
        this.routes = routes;
    }

    /** What to do if the port is taken. */
    public enum TakenPort {
        FAIL,
        TAKE_NEXT
    }

    /**
     * Starts listening with these routes; takes ownership of them, also where it fails.
     *
     * @param maxBodyBytes of a request
     * @throws UserException if the address cannot be used
     */
    public static HttpServer start(HttpConfig config, TakenPort taken, long maxBodyBytes, List<Routes> routes) {
        long room = Math.min(Integer.MAX_VALUE, Math.max(LEAST_ROOM_BYTES, 3 * maxBodyBytes));
        return start(
                config, taken, new Limits(maxBodyBytes, new Room((int) room), IDLE_MILLIS, System::nanoTime), routes);
    }

    /** Limits of body memory and of a connection's idle time. */
    record Limits(long maxBodyBytes, Room room, int idleMillis, LongSupplier nanoTime) {}

    static HttpServer start(HttpConfig config, TakenPort taken, Limits limits, List<Routes> routes) {
        int tries = config.port() != 0 && taken == TakenPort.TAKE_NEXT ? PORTS_TRIED : 1;
        for (int i = 0; ; i++) {
            int port = config.port() + i;
            Javalin javalin = Javalin.create(built -> build(built, config, port, limits, routes));
            try {
                javalin.start();
                return new HttpServer(javalin, addressOf(config, javalin.port()), List.copyOf(routes));
            } catch (RuntimeException e) {
                javalin.stop();
                if (!(isTaken(e) && i + 1 < tries && port < 65535)) {
                    routes.forEach(Routes::close);
                    throw notStarted(config, port, e);
                }
            }
        }
    }

    /** Throws {@link UserException} where this machine has no such address. */
    public static void checkHost(HttpConfig config) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(config.host(), 0));
        } catch (IOException e) {
            throw notStarted(config, config.port(), e);
        }
    }

    /** The address for use on this machine: {@code http://127.0.0.1:8080/}. */
    public URI address() {
        return address;
    }

    @Override
    public void close() {
        routes.forEach(Routes::stopping);
        javalin.stop();
        routes.forEach(Routes::close);
    }

    private static void build(JavalinConfig built, HttpConfig config, int port, Limits limits, List<Routes> routes) {
        long maxBodyBytes = limits.maxBodyBytes();
        Set<String> healthPaths =
                routes.stream().flatMap(some -> some.healthPaths().stream()).collect(Collectors.toSet());
        Gate gate = new Gate(new Guard(config), limits.room(), maxBodyBytes, limits.nanoTime(), healthPaths);
        built.startup.showJavalinBanner = false;
        built.startup.showOldJavalinVersionWarning = false;
        built.startup.startupWatcherEnabled = false;
        built.http.maxRequestSize = maxBodyBytes;
        built.http.prefer405over404 = true;
        built.jetty.threadPool = new QueuedThreadPool(MOST_THREADS, LEAST_THREADS);
        built.jetty.multipartConfig.maxTotalRequestSize(maxBodyBytes, SizeUnit.BYTES);
        built.jetty.multipartConfig.maxFileSize(maxBodyBytes, SizeUnit.BYTES);
        built.jetty.multipartConfig.maxInMemoryFileSize(
                (int) Math.min(maxBodyBytes, Integer.MAX_VALUE), SizeUnit.BYTES); // never on disk
        built.jetty.modifyServer(server -> server.insertHandler(gate));
        built.jetty.addConnector((server, http) -> connector(server, http, config.host(), port, limits.idleMillis()));
        built.routes.beforeMatched(Parameters::check);
        built.routes.exception(HttpProblem.class, (problem, context) -> answer(context, problem));
        built.routes.exception(
                HttpResponseException.class,
                (problem, context) ->
                        answer(context, new HttpProblem(problem.getStatus(), words(problem, context, maxBodyBytes))));
        built.routes.exception(
                UserException.class,
                (problem, context) -> answer(context, HttpProblem.unavailable(String.valueOf(problem.getMessage()))));
        built.routes.exception(
                IOException.class,
                (problem, context) -> answer(context, new HttpProblem(400, "the request ended early")));
        built.routes.exception(Exception.class, (problem, context) -> {
            log.error("{} {} failed", context.method(), context.path(), problem);
            answer(context, new HttpProblem(500, "unexpected failure; see the server's log"));
        });
        routes.forEach(some -> some.addTo(built.routes));
    }

    private static ServerConnector connector(
            Server server, HttpConfiguration http, String host, int port, int idleMillis) {
        http.setSendServerVersion(false);
        server.setErrorHandler(new PlainErrors());
        ServerConnector connector = new ServerConnector(server, ACCEPTORS, SELECTORS, new HttpConnectionFactory(http));
        connector.setHost(host);
        connector.setPort(port);
        connector.setIdleTimeout(idleMillis);
        connector.setAcceptedSendBufferSize(SEND_BUFFER_BYTES);
        return connector;
    }

    private static void answer(Context context, HttpProblem problem) {
        problem.retryAfterSeconds().ifPresent(seconds -> context.header("Retry-After", String.valueOf(seconds)));
        context.status(problem.status());
        context.contentType("application/json");
        context.result(Json.write(Map.of("error", String.valueOf(problem.getMessage()))));
    }

    private static String words(HttpResponseException problem, Context context, long maxBodyBytes) {
        String asked = context.method() + " " + context.path();
        return switch (problem.getStatus()) {
            case 404 -> "there is no " + asked + "; /v1/openapi.json lists every path";
            case 405 ->
                asked + " is not allowed; wanted "
                        + problem.getDetails().getOrDefault("availableMethods", "another method");
            case 413 -> "the body is larger than the limit of " + maxBodyBytes + " bytes";
            default ->
                asked + " cannot be answered: " + problem.getMessage() + "; /v1/openapi.json says what each path wants";
        };
    }

    private static URI addressOf(HttpConfig config, int port) {
        String host = config.isLoopback() ? config.host() : "localhost";
        return URI.create("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port + "/");
    }

    private static boolean isTaken(Throwable failure) {
        return causeOf(failure, BindException.class).isPresent();
    }

    private static <T extends Throwable> Optional<T> causeOf(Throwable failure, Class<T> type) {
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return Optional.of(type.cast(cause));
            }
        }
        return Optional.empty();
    }

    private static UserException notStarted(HttpConfig config, int port, Exception e) {
        String reason = causeOf(e, IOException.class).map(Throwable::getMessage).orElse(String.valueOf(e.getMessage()));
        return new UserException(
                "http.port " + port + " on " + config.host() + " cannot be used: " + reason
                        + "\nAnother program may listen there: take another with --set http.port=PORT (0 takes a free one), or --no-http where a command has it.",
                e);
    }
}

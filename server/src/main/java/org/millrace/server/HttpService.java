package org.millrace.server;

import java.net.URI;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.millrace.contract.UserException;
import org.millrace.contract.config.HttpConfig;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.EncoderWatch;
import org.millrace.contract.service.Role;
import org.millrace.contract.service.Services;
import org.millrace.server.dashboard.Dashboard;
import org.millrace.server.embed.EmbeddingQueue;
import org.millrace.server.http.EmbedRoutes;
import org.millrace.server.http.HttpServer;
import org.millrace.server.http.HttpServer.TakenPort;
import org.millrace.server.http.ImageRoutes;
import org.millrace.server.http.OpenApiRoutes;
import org.millrace.server.http.Routes;

/**
 * A run over HTTP: dashboard, images in, embeddings out, metrics; runs until stopped. The module's only entry point
 * (docs/decisions/0029-server-beside-app.md).
 */
public final class HttpService implements Services.Service {
    private static final int FILES_OF_A_REQUEST = 4;
    private static final int AROUND_A_FILE = 64 * 1024;

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final TakenPort taken;
    private final Consumer<URI> listening;
    private final Supplier<List<Role>> roles;
    private final CountDownLatch stopped = new CountDownLatch(1);

    private HttpService(
            MillraceConfig config,
            KafkaSettings kafka,
            TakenPort taken,
            Consumer<URI> listening,
            Supplier<List<Role>> roles) {
        this.roles = roles;
        this.config = config;
        this.kafka = kafka;
        this.taken = taken;
        this.listening = listening;
    }

    /**
     * Listens at {@code http.port}; {@link #run} throws {@link UserException} where that port is taken.
     *
     * @param listening is called with the address once the server listens, on the service's thread
     * @param roles returns the current state of the process's other roles; called on any thread
     */
    public static HttpService atPort(
            MillraceConfig config, KafkaSettings kafka, Consumer<URI> listening, Supplier<List<Role>> roles) {
        return new HttpService(config, kafka, TakenPort.FAIL, listening, roles);
    }

    /** Listens at {@code http.port}, or at the next free port where that is taken; otherwise as {@link #atPort}. */
    public static HttpService atPortOrNext(
            MillraceConfig config, KafkaSettings kafka, Consumer<URI> listening, Supplier<List<Role>> roles) {
        return new HttpService(config, kafka, TakenPort.TAKE_NEXT, listening, roles);
    }

    /** Throws {@link UserException} where this machine has no such address. */
    public static void checkHost(HttpConfig config) {
        HttpServer.checkHost(config);
    }

    @Override
    public void run() {
        try (EncoderWatch encoders = EncoderWatch.watch(kafka, config.run().topics());
                EmbeddingQueue queue = EmbeddingQueue.start(config, encoders);
                HttpServer server = HttpServer.start(
                        config.http(),
                        taken,
                        mostBytes(config.images()),
                        routes(config, kafka, encoders, queue, roles))) {
            listening.accept(server.address());
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Every route; opened here, owned by the server. */
    static List<Routes> routes(
            MillraceConfig config,
            KafkaSettings kafka,
            EncoderWatch encoders,
            EmbeddingQueue queue,
            Supplier<List<Role>> roles) {
        return List.of(
                Dashboard.start(config, kafka, Clock.systemUTC(), roles),
                ImageRoutes.open(kafka, config.images()),
                new EmbedRoutes(config, encoders, queue),
                new OpenApiRoutes());
    }

    @Override
    public void stop() {
        stopped.countDown();
    }

    /** Largest request body: a form of several images of the largest size. */
    private static long mostBytes(ImagesConfig images) {
        return FILES_OF_A_REQUEST * (long) images.maxBytes() + AROUND_A_FILE;
    }
}

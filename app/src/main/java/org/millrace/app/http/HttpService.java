package org.millrace.app.http;

import java.net.URI;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.millrace.app.dashboard.Dashboard;
import org.millrace.app.embed.EmbeddingQueue;
import org.millrace.app.run.Role;
import org.millrace.app.run.Services;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.EncoderWatch;

/** The server with all routes of a run, until stopped. */
public final class HttpService implements Services.Service {
    private static final int FILES_OF_A_REQUEST = 4;
    private static final int AROUND_A_FILE = 64 * 1024;

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final HttpServer.TakenPort taken;
    private final Consumer<URI> listening;
    private final Supplier<List<Role>> roles;
    private final CountDownLatch stopped = new CountDownLatch(1);

    /**
     * @param listening receives the address once it is served, on the service's thread
     * @param roles the process's other roles as they stand, for any thread
     */
    public HttpService(
            MillraceConfig config,
            KafkaSettings kafka,
            HttpServer.TakenPort taken,
            Consumer<URI> listening,
            Supplier<List<Role>> roles) {
        this.roles = roles;
        this.config = config;
        this.kafka = kafka;
        this.taken = taken;
        this.listening = listening;
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

    /** Every route; each is opened here and belongs to the server. */
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

    /** Of a request: some of the largest images in one form. */
    private static long mostBytes(ImagesConfig images) {
        return FILES_OF_A_REQUEST * (long) images.maxBytes() + AROUND_A_FILE;
    }
}

package org.millrace.app.http;

import java.net.URI;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.millrace.app.dashboard.Dashboard;
import org.millrace.app.run.Services;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;

/** The server with all routes of a run, until stopped. */
public final class HttpService implements Services.Service {
    private static final int FILES_OF_A_REQUEST = 4;
    private static final int AROUND_A_FILE = 64 * 1024;

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final HttpServer.TakenPort taken;
    private final Consumer<URI> listening;
    private final CountDownLatch stopped = new CountDownLatch(1);

    /** @param listening told the address once it is served, on the service's thread */
    public HttpService(
            MillraceConfig config, KafkaSettings kafka, HttpServer.TakenPort taken, Consumer<URI> listening) {
        this.config = config;
        this.kafka = kafka;
        this.taken = taken;
        this.listening = listening;
    }

    /** Every route; each is opened here and belongs to the server. */
    static List<Routes> routes(MillraceConfig config, KafkaSettings kafka) {
        List<Routes> routes = new ArrayList<>();
        routes.add(Dashboard.start(config, kafka, Clock.systemUTC()));
        return routes;
    }

    @Override
    public void run() {
        try (HttpServer server = HttpServer.start(config.http(), taken, mostBytes(config), routes(config, kafka))) {
            listening.accept(server.address());
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void stop() {
        stopped.countDown();
    }

    /** Of a request: some of the largest images in one multipart body. */
    private static long mostBytes(MillraceConfig config) {
        return FILES_OF_A_REQUEST * (long) config.images().maxBytes() + AROUND_A_FILE;
    }
}

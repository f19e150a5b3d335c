package org.millrace.bench;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.cli.MillraceCommandLine;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.service.Services;
import org.millrace.server.HttpService;

/**
 * {@link HttpFuzz} against a server with a broker in this process, so that its threads and its heap are seen.
 *
 * <pre>
 * bench/fuzz http COUNT SEED [SLOW]   COUNT requests, the share SLOW (0.1) of them slowly
 * </pre>
 *
 * Ends with 1 where a request got 5xx but 503, or no answer, or threads were left over.
 */
final class FuzzHttp {
    private static final long LEFT_OVER_SECONDS = 120;
    /** Of Kafka's clients, which come and go. */
    private static final int SPARE_THREADS = 5;

    private FuzzHttp() {}

    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[0]);
        long seed = Long.parseLong(arguments[1]);
        double slow = arguments.length > 2 ? Double.parseDouble(arguments[2]) : 0.1;
        Path data = Files.createTempDirectory("millrace-fuzz");
        boolean good;
        try (Server server = Server.start(data, true)) {
            good = fuzz(server, count, seed, slow);
        }
        System.exit(good ? 0 : 1);
    }

    private static boolean fuzz(Server server, int count, long seed, double slow) throws Exception {
        HttpFuzz fuzz = new HttpFuzz(server.address(), seed, png());
        fuzz.run(Math.min(count, 500), 0); // what is loaded once is loaded
        int threads = threads();
        long heap = heap();
        long begin = System.nanoTime();
        HttpFuzz.Outcome outcome = fuzz.run(count, slow);
        double seconds = (System.nanoTime() - begin) / 1e9;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LEFT_OVER_SECONDS);
        while (threads() > threads + SPARE_THREADS && System.nanoTime() < end) {
            TimeUnit.SECONDS.sleep(1);
        }
        server.uncaught().forEach(System.out::println);
        outcome.faults().stream().limit(20).forEach(System.out::println);
        System.out.printf(
                Locale.ROOT,
                "%,d requests of seed %d, %.0f %% slow, in %.1f s: statuses %s (0: closed without an answer); faults %d%n"
                        + "health checks %,d: p50 %.1f ms, p99 %.1f ms, most %.1f ms; honest client %s%n"
                        + "threads before %d, after %d; heap in use before %.1f MB, after %.1f MB%n",
                count,
                seed,
                100 * slow,
                seconds,
                outcome.statuses(),
                outcome.faults().size(),
                outcome.health().size(),
                outcome.health(0.5),
                outcome.health(0.99),
                outcome.health(1),
                outcome.honest(),
                threads,
                threads(),
                heap / 1e6,
                heap() / 1e6);
        return outcome.faults().isEmpty() && server.uncaught().isEmpty() && threads() <= threads + SPARE_THREADS;
    }

    static int threads() {
        return ManagementFactory.getThreadMXBean().getThreadCount();
    }

    private static long heap() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    static byte[] png() throws IOException {
        var bytes = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), "png", bytes);
        return bytes.toByteArray();
    }

    /**
     * A broker and a server with all routes.
     *
     * @param uncaught exceptions that ended a thread of this process
     */
    record Server(EmbeddedBroker broker, Services services, URI address, Collection<String> uncaught)
            implements AutoCloseable {
        /** @param trained whether there is an encoder to embed with */
        static Server start(Path data, boolean trained) throws Exception {
            var uncaught = new ConcurrentLinkedQueue<String>();
            Thread.setDefaultUncaughtExceptionHandler(
                    (thread, problem) -> uncaught.add(thread.getName() + ": " + problem));
            EmbeddedBroker broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "fuzz");
            List<String> settings = List.of(
                    "run.data=" + data,
                    "run.threads=1",
                    "http.port=0",
                    "encoder.height=16",
                    "encoder.width=16",
                    "moco.queue-size=64",
                    "trainer.batch-size=16");
            MillraceConfig config = new ConfigLoader().assignments(settings).load();
            var kafka = new KafkaSettings(broker.bootstrapServers(), Map.of());
            try (TopicSetup topics = new TopicSetup(kafka)) {
                topics.ensureImages(config.images());
            }
            if (trained) {
                train(broker, settings);
            }
            Services services = new Services();
            CompletableFuture<URI> listening = new CompletableFuture<>();
            services.start("http", HttpService.atPort(config, kafka, listening::complete, List::of));
            return new Server(broker, services, listening.get(), uncaught);
        }

        private static void train(EmbeddedBroker broker, List<String> settings) {
            String[] set = settings.stream().map(setting -> "--set=" + setting).toArray(String[]::new);
            for (List<String> command : List.of(
                    List.of("push", "samples/fashion-mnist/t10k-images-idx3-ubyte.gz", "--limit=64"),
                    List.of("train", "--until-step=0"))) {
                var line = new java.util.ArrayList<>(command);
                line.add("--bootstrap-server=" + broker.bootstrapServers());
                line.addAll(List.of(set));
                if (MillraceCommandLine.run(line.toArray(String[]::new)) != 0) {
                    throw new IllegalStateException("failed: " + line);
                }
            }
        }

        @Override
        public void close() {
            services.close();
            broker.close();
        }
    }
}

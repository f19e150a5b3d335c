package org.millrace.bench;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Properties;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.evaluator.drift.detector.ReferenceDetectors;
import org.millrace.evaluator.drift.stream.DriftBatches;
import org.millrace.evaluator.drift.stream.DriftTopology;
import org.millrace.numerics.FeatureMatrix;

/**
 * Embeddings per second through the drift topology on an embedded broker, exactly once, against the same arithmetic on arrays, in turn:
 * {@code bench/run drift-throughput DIMENSION REFERENCE WINDOWS [ROUNDS]}; windows of 256 in batches of 64. Then the time from a start
 * after a stop to running.
 */
final class DriftThroughput {
    private static final int WINDOW = 256;
    private static final int BATCH = 64;

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final int dimension;
    private final int windows;
    private final int before; // windows that fill the reference, and one that calibrates
    private final TopicPartition reports;
    private long sent; // windows

    private DriftThroughput(MillraceConfig config, KafkaSettings kafka, int dimension, int windows) {
        this.config = config;
        this.kafka = kafka;
        this.dimension = dimension;
        this.windows = windows;
        this.before = config.drift().referenceImages() / WINDOW + 1;
        this.reports = new TopicPartition(config.run().topics().drift(), 0);
    }

    public static void main(String[] arguments) throws Exception {
        int dimension = Integer.parseInt(arguments[0]);
        Path folder = Files.createTempDirectory("millrace-drift-");
        MillraceConfig config = new ConfigLoader()
                .assignments(List.of(
                        "run.data=" + folder,
                        "drift.window-millis=1000",
                        "drift.grace-millis=0",
                        "drift.reference-images=" + arguments[1]))
                .load();
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder, config.broker(), "bench")) {
            KafkaSettings kafka = new KafkaSettings(broker.bootstrapServers(), Map.of());
            var bench = new DriftThroughput(config, kafka, dimension, Integer.parseInt(arguments[2]));
            bench.run(arguments.length > 3 ? Integer.parseInt(arguments[3]) : 3);
        }
    }

    private void run(int rounds) throws Exception {
        try (TopicSetup topics = new TopicSetup(kafka)) {
            topics.ensureDrift(config.run().topics());
        }
        var direct = new ReferenceDetectors(
                normal(new Random(1), config.drift().referenceImages()),
                config.drift().expectedRun(),
                config.run().seed());
        long start = System.nanoTime();
        direct.test(normal(new Random(2), WINDOW), 0, OptionalDouble.of(0));
        say("calibrated in %.1f s", seconds(start));
        send(before);
        KafkaStreams streams = start();
        awaitReports(before);
        for (int round = 0; round < rounds; round++) {
            streams.close(leaving());
            send(windows);
            streams = start();
            long expected = sent - windows + 1;
            awaitReports(expected); // it runs, and its detectors are loaded
            start = System.nanoTime();
            awaitReports(sent);
            double byKafka = WINDOW * (windows - 1) / seconds(start);
            List<FeatureMatrix> merged =
                    LongStream.range(1, windows).mapToObj(this::merged).toList();
            start = System.nanoTime();
            for (FeatureMatrix window : merged) {
                direct.test(window, 0, OptionalDouble.of(0));
                direct.stability(window);
            }
            double onArrays = WINDOW * (windows - 1) / seconds(start);
            say(
                    "%d features: %.0f embeddings/s through Kafka, %.0f on arrays, ratio %.2f",
                    dimension, byKafka, onArrays, byKafka / onArrays);
        }
        streams.close(leaving());
    }

    private KafkaStreams start() throws InterruptedException {
        Properties properties = new Properties();
        properties.putAll(kafka.streams(DriftTopology.settings(config)));
        long start = System.nanoTime();
        KafkaStreams streams = new KafkaStreams(DriftTopology.of(config), properties);
        streams.start();
        while (streams.state() != KafkaStreams.State.RUNNING) {
            Thread.sleep(5);
        }
        say("running after %.1f s", seconds(start));
        return streams;
    }

    private static CloseOptions leaving() {
        return CloseOptions.timeout(Duration.ofSeconds(10))
                .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP);
    }

    // so many windows, and an image that closes the last
    private void send(int count) {
        Random random = new Random(sent);
        try (var producer = new KafkaProducer<byte[], byte[]>(
                kafka.producer(Map.of("max.request.size", TopicSetup.FEATURE_RECORD_BYTES)))) {
            for (long window = sent; window < sent + count; window++) {
                for (int batch = 0; batch < WINDOW / BATCH; batch++) {
                    send(producer, 1000 * window + batch, DriftBatches.of(normal(random, BATCH), random::nextLong));
                }
            }
            sent += count;
            send(producer, 1000 * sent - 1, DriftBatches.of(normal(random, 1), () -> Long.MAX_VALUE));
            send(producer, 1000 * sent, DriftBatches.of(normal(random, 1), () -> Long.MAX_VALUE));
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // what is missing is waited for in vain
    private void send(KafkaProducer<byte[], byte[]> producer, long millis, byte[] batch) {
        producer.send(new ProducerRecord<>(
                config.run().topics().statistics(), 0, millis, "all".getBytes(StandardCharsets.UTF_8), batch));
    }

    private void awaitReports(long count) throws InterruptedException {
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            consumer.assign(List.of(reports));
            consumer.seekToBeginning(List.of(reports));
            long seen = 0;
            while (seen < count) {
                for (var record : consumer.poll(Duration.ofMillis(20))) {
                    seen += new String(record.value(), StandardCharsets.UTF_8).contains("\"report\"") ? 1 : 0;
                }
            }
        }
    }

    // a window of the same batches, put together
    private FeatureMatrix merged(long seed) {
        Random random = new Random(seed);
        List<FeatureMatrix> batches = IntStream.range(0, WINDOW / BATCH)
                .mapToObj(batch -> normal(random, BATCH))
                .toList();
        double[] values = new double[WINDOW * dimension];
        for (int batch = 0; batch < batches.size(); batch++) {
            System.arraycopy(batches.get(batch).values(), 0, values, batch * BATCH * dimension, BATCH * dimension);
        }
        return new FeatureMatrix(WINDOW, dimension, values);
    }

    private FeatureMatrix normal(Random random, int rows) {
        double[] values = new double[rows * dimension];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return new FeatureMatrix(rows, dimension, values);
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private static void say(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }
}

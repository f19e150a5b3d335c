package org.millrace.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.InputTransform;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.local.ImageFiles;

/**
 * Clients of a running server, each of which sends its next request when the one before is answered, or, with a rate, when it is time.
 *
 * <pre>
 * bench/run http push  URL IMAGES CLIENTS COUNT BROKER [RATE]   COUNT images with ids of this run, RATE a second of all clients; then which
 *                                                               of them are in the log
 * bench/run http embed URL IMAGES CLIENTS COUNT                 COUNT images, one a request
 * bench/run http check URL IMAGES X.npy X.onnx COUNT            the first COUNT images by HTTP, in the file, and by onnxruntime
 * </pre>
 *
 * The figures are in docs/experiments/0007-http.md.
 */
final class HttpLoad {
    private static final int MOST_IMAGES = 20_000;
    private static final int MOST_TRIES = 600;

    private final URI server;
    private final List<byte[]> images;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Map<Integer, AtomicInteger> statuses = new ConcurrentHashMap<>();

    private HttpLoad(String url, String images) {
        this.server = URI.create(url);
        this.images = read(images);
    }

    public static void main(String[] arguments) throws Exception {
        HttpLoad load = new HttpLoad(arguments[1], arguments[2]);
        switch (arguments[0]) {
            case "push" ->
                load.push(
                        Integer.parseInt(arguments[3]),
                        Integer.parseInt(arguments[4]),
                        arguments[5],
                        arguments.length > 6 ? Double.parseDouble(arguments[6]) : Double.POSITIVE_INFINITY);
            case "embed" -> load.embed(Integer.parseInt(arguments[3]), Integer.parseInt(arguments[4]));
            case "check" -> load.check(Path.of(arguments[3]), Path.of(arguments[4]), Integer.parseInt(arguments[5]));
            default -> throw new IllegalArgumentException("wanted push, embed or check, but got " + arguments[0]);
        }
    }

    private void push(int clients, int count, String broker, double rate) throws Exception {
        String run = Long.toString(System.currentTimeMillis(), 36);
        run("push", clients, count, rate, i -> "/v1/images?id=" + run + "-" + i);
        Map<String, Integer> found = new HashMap<>();
        var kafka = new KafkaSettings(broker, Map.of());
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            List<TopicPartition> partitions = consumer.partitionsFor("images").stream()
                    .map(partition -> new TopicPartition("images", partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(500)).forEach(record -> {
                    String key = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
                    int at = key.startsWith(run + "-") ? Integer.parseInt(key.substring(run.length() + 1)) : -1;
                    if (at >= 0 && Arrays.equals(record.value(), images.get(at % images.size()))) {
                        found.merge(key, 1, Integer::sum);
                    }
                });
            }
        }
        long twice = found.values().stream().filter(times -> times > 1).count();
        System.out.printf(
                Locale.ROOT,
                "in the log with the same bytes: %,d of %,d, more than once: %,d%n",
                found.size(),
                count,
                twice);
    }

    private void embed(int clients, int count) throws Exception {
        run("embed, first images", clients, Math.min(count, 10 * clients), Double.POSITIVE_INFINITY, i -> "/v1/embed");
        run("embed", clients, count, Double.POSITIVE_INFINITY, i -> "/v1/embed");
    }

    private void run(String what, int clients, int count, double rate, IntFunction<String> path) throws Exception {
        statuses.clear();
        long[] nanos = new long[count];
        AtomicInteger next = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        List<Future<?>> done = new ArrayList<>();
        long begin = System.nanoTime();
        for (int c = 0; c < clients; c++) {
            done.add(threads.submit(() -> {
                for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                    long due = begin + (long) (1e9 * i / rate) - System.nanoTime();
                    if (due > 0) {
                        TimeUnit.NANOSECONDS.sleep(due);
                    }
                    long from = System.nanoTime();
                    send(path.apply(i), images.get(i % images.size()));
                    nanos[i] = System.nanoTime() - from;
                }
                return null;
            }));
        }
        for (Future<?> each : done) {
            each.get();
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        threads.shutdown();
        Arrays.sort(nanos);
        System.out.printf(
                Locale.ROOT,
                "%s: %,d images by %d clients in %.1f s, %.0f images/s; p50 %.1f ms, p99 %.1f ms, most %.1f ms; statuses %s%n",
                what,
                count,
                clients,
                seconds,
                count / seconds,
                nanos[count / 2] / 1e6,
                nanos[(int) (count * .99)] / 1e6,
                nanos[count - 1] / 1e6,
                new TreeMap<>(statuses));
    }

    /** Sends until the image is taken; retries a 429 after the server's Retry-After. */
    private byte[] send(String path, byte[] image) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(server.resolve(path))
                .timeout(Duration.ofMinutes(1))
                .header("Content-Type", "application/octet-stream")
                .header("Accept", path.startsWith("/v1/embed") ? "application/octet-stream" : "application/json")
                .POST(BodyPublishers.ofByteArray(image))
                .build();
        for (int i = 0; i < MOST_TRIES; i++) {
            HttpResponse<byte[]> answer = client.send(request, BodyHandlers.ofByteArray());
            statuses.computeIfAbsent(answer.statusCode(), status -> new AtomicInteger())
                    .incrementAndGet();
            if (answer.statusCode() / 100 == 2) {
                return answer.body();
            }
            if (answer.statusCode() != 429) {
                throw new IllegalStateException(
                        answer.statusCode() + " " + new String(answer.body(), StandardCharsets.UTF_8));
            }
            Thread.sleep(1000L
                    * Long.parseLong(answer.headers().firstValue("Retry-After").orElse("1")));
        }
        throw new IllegalStateException("429 " + MOST_TRIES + " times in a row");
    }

    private void check(Path npy, Path onnx, int count) throws Exception {
        float[][] byHttp = new float[count][];
        for (int i = 0; i < count; i++) {
            byHttp[i] = floats(send("/v1/embed", images.get(i)), 0);
        }
        int dimension = byHttp[0].length;
        byte[] file = Files.readAllBytes(npy);
        float[] all = floats(file, 128);
        double files = 0;
        double largest = 0;
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < dimension; j++) {
                files = Math.max(files, Math.abs(byHttp[i][j] - all[i * dimension + j]));
                largest = Math.max(largest, Math.abs(byHttp[i][j]));
            }
        }
        double other = 0;
        float[][] byOnnx = onnx(onnx, count);
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < dimension; j++) {
                other = Math.max(other, Math.abs(byHttp[i][j] - byOnnx[i][j]));
            }
        }
        System.out.printf(
                Locale.ROOT,
                "%d images, %d features, the largest %.3f: /v1/embed differs from millrace embed by at most %.2g, from onnxruntime by at most %.2g%n",
                count,
                dimension,
                largest,
                files,
                other);
    }

    private float[][] onnx(Path file, int count) throws Exception {
        EncoderConfig config = new ConfigLoader().load().encoder();
        ImageDecoder decoder = new ImageDecoder(config.channels());
        InputTransform transform = new InputTransform(config);
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        float[][] rows = new float[count][];
        try (OrtSession session = environment.createSession(file.toString())) {
            String name = session.getInputNames().iterator().next();
            for (int i = 0; i < count; i++) {
                FloatBuffer input = FloatBuffer.allocate(config.height() * config.width() * config.channels());
                transform.apply(decoder.decode(images.get(i)), input);
                long[] shape = {1, config.channels(), config.height(), config.width()};
                try (OnnxTensor tensor = OnnxTensor.createTensor(
                                environment, FloatBuffer.wrap(planes(input.array(), config)), shape);
                        OrtSession.Result result = session.run(Map.of(name, tensor))) {
                    rows[i] = ((float[][]) result.get(0).getValue())[0];
                }
            }
        }
        return rows;
    }

    /** H×W×C to C×H×W. */
    private static float[] planes(float[] pixels, EncoderConfig config) {
        float[] planes = new float[pixels.length];
        int area = config.height() * config.width();
        for (int p = 0; p < area; p++) {
            for (int c = 0; c < config.channels(); c++) {
                planes[c * area + p] = pixels[p * config.channels() + c];
            }
        }
        return planes;
    }

    private static float[] floats(byte[] bytes, int from) {
        float[] values = new float[(bytes.length - from) / Float.BYTES];
        ByteBuffer.wrap(bytes, from, bytes.length - from)
                .slice()
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(values);
        return values;
    }

    private static List<byte[]> read(String path) {
        List<byte[]> images = new ArrayList<>();
        ImageFiles.read(
                List.of(path), new Labels.None(), new ConfigLoader().load().images(), new ImageFiles.Taker() {
                    @Override
                    public void image(ImageFiles.Image image) {
                        if (images.size() < MOST_IMAGES) {
                            images.add(image.file());
                        }
                    }

                    @Override
                    public void leftOut(String position, String kind, String reason) {}
                });
        return images;
    }
}

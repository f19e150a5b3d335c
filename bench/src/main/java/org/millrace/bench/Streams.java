package org.millrace.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import javax.imageio.ImageIO;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.image.ImageFormat;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.local.ImageFiles;
import org.millrace.ingest.push.ImagePusher;

/**
 * Makes a stream of a set of images, whose folders are their labels, and writes it to a topic:
 * {@code bench/run streams KIND SOURCE TO TOPIC [name=value …]}. KIND is shuffled, by-class, clips, recurring or pan; TO
 * is a broker, HOST:PORT, or the data folder of an embedded one. Values:
 * seed (1), limit (all images, or so many at random), mean (10 frames a clip; 40 of pan), cameras (4), rounds (4 of recurring), noise (4 of 255), size (224
 * pixels, of pan).
 *
 * <p>Records have the headers source (the camera), label and captured-at, which is also their timestamp: from 2026-01-01 on, ten frames a
 * second and camera. The digest is of all of them in order; the same arguments give the same one. clips of CIFAR-10's test set are
 * 100,000 frames, 290 MB, in two minutes.
 */
final class Streams {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final StreamKind kind;
    private final StreamKind.Amounts amounts;
    private final StreamFrames frames;
    private final List<ImageFiles.Image> images;
    private final MessageDigest digest;
    private long bytes;

    /** @param images of the set, in its order */
    Streams(StreamKind kind, Map<String, String> values, List<ImageFiles.Image> images)
            throws NoSuchAlgorithmException {
        this.kind = kind;
        long seed = Long.parseLong(values.getOrDefault("seed", "1"));
        this.amounts = new StreamKind.Amounts(
                seed,
                Integer.parseInt(values.getOrDefault("mean", kind == StreamKind.PAN ? "40" : "10")),
                Integer.parseInt(values.getOrDefault("cameras", "4")),
                Integer.parseInt(values.getOrDefault("rounds", "4")));
        this.frames = new StreamFrames(
                seed,
                Double.parseDouble(values.getOrDefault("noise", "4")),
                Integer.parseInt(values.getOrDefault("size", "224")));
        this.images = sample(images, Integer.parseInt(values.getOrDefault("limit", "2147483647")), seed);
        this.digest = MessageDigest.getInstance("SHA-256");
    }

    public static void main(String[] arguments) throws Exception {
        ImageIO.setUseCache(false);
        StreamKind kind =
                StreamKind.valueOf(arguments[0].toUpperCase(Locale.ROOT).replace('-', '_'));
        Map<String, String> values = new HashMap<>();
        for (String argument : Arrays.asList(arguments).subList(4, arguments.length)) {
            String[] parts = argument.split("=", 2);
            values.put(parts[0], parts[1]);
        }
        ImagesConfig images = new ConfigLoader()
                .assignments(List.of("images.topic=" + arguments[3]))
                .load()
                .images();
        var streams = new Streams(kind, values, read(arguments[1], images));
        if (arguments[2].matches("[^/]+:\\d+")) {
            System.out.println(streams.send(new KafkaSettings(arguments[2], Map.of()), images));
        } else {
            BrokerConfig withoutEnd = new BrokerConfig(0, -1);
            try (EmbeddedBroker broker = EmbeddedBroker.start(Path.of(arguments[2]), withoutEnd, "bench/run streams")) {
                System.out.println(streams.send(new KafkaSettings(broker.bootstrapServers(), Map.of()), images));
            }
        }
    }

    /** Returns what was sent, in a line. */
    private String send(KafkaSettings kafka, ImagesConfig images) throws IOException {
        try (TopicSetup topics = new TopicSetup(kafka)) {
            topics.ensureImages(images);
        }
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(ImagePusher.producerNeeds(images)))) {
            return send(producer, images.topic());
        }
    }

    private static List<ImageFiles.Image> read(String source, ImagesConfig images) {
        List<ImageFiles.Image> all = new ArrayList<>();
        ImageFiles.read(List.of(source), new Labels.FromFolder(), images, new ImageFiles.Taker() {
            @Override
            public void image(ImageFiles.Image image) {
                all.add(image);
            }

            @Override
            public void leftOut(String position, String kind, String reason) {
                System.err.println(position + " is left out: " + reason);
            }
        });
        return all;
    }

    /** At most so many of the images, at random. */
    private static List<ImageFiles.Image> sample(List<ImageFiles.Image> images, int limit, long seed) {
        if (images.size() <= limit) {
            return List.copyOf(images);
        }
        List<ImageFiles.Image> shuffled = new ArrayList<>(images);
        Collections.shuffle(shuffled, new Random(seed));
        return List.copyOf(shuffled.subList(0, limit));
    }

    /** Sends the stream; returns what was sent, in a line. */
    String send(Producer<byte[], byte[]> producer, String topic) throws IOException {
        List<StreamKind.Shot> shots = kind.shots(labels(), amounts);
        var failure = new AtomicReference<Exception>();
        for (int i = 0; i < shots.size(); i++) {
            var record = record(topic, shots.get(i), i);
            var ignored = producer.send(record, (written, problem) -> {
                if (problem != null) {
                    failure.compareAndSet(null, problem);
                }
            });
        }
        producer.flush();
        if (failure.get() != null) {
            throw new IOException("the broker did not accept a record", failure.get());
        }
        return String.format(
                Locale.ROOT,
                "%s: %,d frames of %,d images in %d classes, %.1f MB, to topic %s; seed %d, digest %s",
                kind,
                shots.size(),
                images.size(),
                labels().stream().distinct().count(),
                bytes / 1e6,
                topic,
                amounts.seed(),
                HexFormat.of().formatHex(digest.digest()).substring(0, 16));
    }

    /** Blank where there is none. */
    private List<String> labels() {
        return images.stream().map(image -> image.label().orElse("")).toList();
    }

    private ProducerRecord<byte[], byte[]> record(String topic, StreamKind.Shot shot, int number) throws IOException {
        ImageFiles.Image image = images.get(shot.image());
        byte[] file = frames.file(kind, shot, image.file());
        Instant captured = START.plusMillis(shot.millis());
        String source = "camera-" + (shot.camera() + 1);
        byte[] key = "%s-%d/%06d".formatted(kind, amounts.seed(), number).getBytes(StandardCharsets.UTF_8);
        var record = new ProducerRecord<byte[], byte[]>(topic, null, captured.toEpochMilli(), key, file);
        put(
                record,
                ImageHeaders.CONTENT_TYPE,
                ImageFormat.of(file).orElseThrow().contentType());
        put(record, ImageHeaders.SOURCE, source);
        put(record, ImageHeaders.CAPTURED_AT, captured.toString());
        image.label().ifPresent(label -> put(record, ImageHeaders.LABEL, label));
        digest.update(key);
        digest.update(file);
        bytes += file.length;
        return record;
    }

    private void put(ProducerRecord<byte[], byte[]> record, String name, String value) {
        ImageHeaders.put(record.headers(), name, value);
        digest.update(value.getBytes(StandardCharsets.UTF_8));
    }
}

package org.millrace.bench;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftReport.Detection;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.encoder.tensor.Torch;
import org.millrace.evaluator.Embedder;
import org.millrace.evaluator.TorchEmbedders;
import org.millrace.evaluator.drift.detector.ReferenceDetectors;
import org.millrace.numerics.FeatureMatrix;

/**
 * False alarms without drift, and delays of real shifts: {@code bench/run drift DATA RUN VERSION CIFAR.tar.gz FASHION-images-idx3.gz [SEEDS] [WHAT]},
 * where DATA holds a run whose newest encoder is taken, and for the attribution that version too. 20 minutes for three seeds on 2 cores.
 */
final class DriftDetection {
    static final int REFERENCE = 8_192;
    static final int BATCH = 256;
    private static final int WITHOUT = 8; // windows before a change
    private static final int DEGREES = 40; // windows that a slow change takes
    static final double EXPECTED_RUN = 1_000;

    private final Embedder embedder;
    private final Embedder before;
    private final List<byte[]> images = new ArrayList<>();
    private final List<String> labels = new ArrayList<>();
    private final List<byte[]> other;
    private final int seeds;
    private final Map<String, Drawn> references = new HashMap<>();
    private FeatureMatrix features = new FeatureMatrix(1, 1, new double[1]);
    private FeatureMatrix otherFeatures = features;

    private DriftDetection(Embedder embedder, Embedder before, Path cifar, Path fashion, int seeds) throws IOException {
        this.embedder = embedder;
        this.before = before;
        this.seeds = seeds;
        try (var tar =
                new TarArchiveInputStream(new GZIPInputStream(new BufferedInputStream(Files.newInputStream(cifar))))) {
            for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                if (!entry.isDirectory()) {
                    images.add(tar.readAllBytes());
                    labels.add(entry.getName().split("/", -1)[1]);
                }
            }
        }
        this.other = ImageShifts.idx(fashion, 10_000);
    }

    public static void main(String[] arguments) throws Exception {
        MillraceConfig config = new ConfigLoader()
                .assignments(List.of("run.data=" + arguments[0], "run.name=" + arguments[1]))
                .load();
        PublishedEncoder encoder;
        PublishedEncoder earlier;
        try (EmbeddedBroker broker = EmbeddedBroker.start(config.run().data(), config.broker(), "bench")) {
            KafkaSettings kafka = new KafkaSettings(broker.bootstrapServers(), config.kafka());
            encoder = PublishedEncoders.newest(kafka, config.run().topics());
            earlier = PublishedEncoders.find(kafka, config.run().topics(), Long.parseLong(arguments[2]));
        }
        TorchEmbedders embedders = new TorchEmbedders(Torch.start(config.run()), config.encoder(), config.images());
        try (Embedder embedder = embedders.load(encoder.manifest(), encoder.safetensors());
                Embedder before = embedders.load(earlier.manifest(), earlier.safetensors())) {
            int seeds = arguments.length > 5 ? Integer.parseInt(arguments[5]) : 3;
            var bench = new DriftDetection(embedder, before, Path.of(arguments[3]), Path.of(arguments[4]), seeds);
            bench.run(arguments.length > 6 ? arguments[6] : "attribution false-alarms shifts");
        }
    }

    private void run(String what) {
        if (what.contains("attribution")) {
            new DriftAttribution(before, embedder).run(images, other);
        }
        features = embed(images);
        otherFeatures = embed(other);
        say("%,d images, %d features", features.rows(), features.columns());
        for (int window : what.contains("false-alarms") ? new int[] {64, 256} : new int[0]) {
            for (double expected : new double[] {10, 20, 40}) {
                FalseAlarms.count(features, window, expected, seeds);
            }
        }
        if (what.contains("shifts")) {
            shifts();
        }
    }

    private void shifts() {
        abrupt("CIFAR-10 -> Fashion-MNIST", all(), (random, i) -> otherFeatures, 1);
        List<Integer> low = of(label -> label < 5);
        abrupt(
                "classes 0-4 -> 5-9",
                low,
                (random, i) -> features.select(drawn(of(label -> label >= 5), BATCH, random)),
                1);
        abrupt("5 % replaced by Fashion-MNIST", all(), (random, i) -> otherFeatures, 0.05);
        abrupt("20 % replaced by Fashion-MNIST", all(), (random, i) -> otherFeatures, 0.2);
        abrupt(
                "one source of four out of focus, sigma 1",
                all(),
                (random, i) -> shifted(random, image -> ImageShifts.blurred(image, 1)),
                0.25);
        abrupt(
                "that source by itself",
                all(),
                (random, i) -> shifted(random, image -> ImageShifts.blurred(image, 1)),
                1);
        slow("blur", false, i -> 2.0 * i / DEGREES, (image, sigma) -> ImageShifts.blurred(image, sigma));
        slow("darkening", false, i -> 1 - 0.8 * i / DEGREES, (image, factor) -> ImageShifts.darkened(image, factor));
        slow(
                "JPEG quality",
                true,
                i -> 95 - 75.0 * i / DEGREES,
                (image, quality) -> ImageShifts.jpeg(image, (int) Math.round(quality)));
    }

    /** A reference of these images, drawn by the seed, and the images that are left. */
    private record Drawn(ReferenceDetectors detectors, List<Integer> rest) {}

    private Drawn drawn(List<Integer> from, int seed) {
        return references.computeIfAbsent(from.size() + " of " + seed, unused -> {
            List<Integer> order = shuffled(from, new Random(seed));
            return new Drawn(
                    new ReferenceDetectors(features.select(ints(order.subList(0, REFERENCE))), EXPECTED_RUN, seed),
                    order.subList(REFERENCE, order.size()));
        });
    }

    private interface Changed {
        FeatureMatrix features(Random random, int window);
    }

    private interface Degree {
        byte[] of(byte[] image, double degree);
    }

    private interface Change {
        byte[] of(byte[] image);
    }

    private FeatureMatrix shifted(Random random, Change change) {
        return embed(IntStream.range(0, BATCH)
                .mapToObj(i -> change.of(images.get(random.nextInt(images.size()))))
                .toList());
    }

    // from a window on, that share of the images is of the other kind
    private void abrupt(String name, List<Integer> before, Changed changed, double share) {
        List<Found> found = new ArrayList<>();
        for (int seed = 1; seed <= seeds; seed++) {
            Random random = new Random(100 + seed);
            Drawn drawn = drawn(before, seed);
            List<Integer> rest = drawn.rest();
            found.add(delay(drawn.detectors(), window -> {
                FeatureMatrix same = features.select(drawn(rest, BATCH, random));
                if (window < WITHOUT) {
                    return same;
                }
                FeatureMatrix source = changed.features(random, window);
                double[] values = same.values().clone();
                int columns = same.columns();
                int[] taken = random.ints(0, source.rows())
                        .distinct()
                        .limit(Math.round(share * BATCH))
                        .toArray();
                for (int row = 0; row < taken.length; row++) {
                    System.arraycopy(source.values(), taken[row] * columns, values, row * columns, columns);
                }
                return new FeatureMatrix(BATCH, columns, values);
            }));
        }
        say("%s: %s", name, found);
    }

    // recoded: the change touches the pixels before it begins, so the reference's too
    private void slow(String name, boolean recoded, IntFunction<Double> degree, Degree change) {
        List<String> found = new ArrayList<>();
        for (int seed = 1; seed <= seeds; seed++) {
            Random random = new Random(100 + seed);
            Drawn drawn = drawn(all(), seed);
            List<Integer> rest = drawn.rest();
            ReferenceDetectors detectors = recoded
                    ? new ReferenceDetectors(
                            embed(shuffled(all(), new Random(seed)).subList(0, REFERENCE).stream()
                                    .map(i -> change.of(images.get(i), degree.apply(0)))
                                    .toList()),
                            EXPECTED_RUN,
                            seed)
                    : drawn.detectors();
            Found delay = delay(
                    detectors,
                    window -> embed(Arrays.stream(drawn(rest, BATCH, random))
                            .mapToObj(i -> change.of(
                                    images.get(i), degree.apply(Math.min(Math.max(0, window - WITHOUT + 1), DEGREES))))
                            .toList()));
            found.add(delay + String.format(Locale.ROOT, " at %.2f", degree.apply(Math.min(delay.windows, DEGREES))));
        }
        say("%s, by degrees over %d windows: %s", name, DEGREES, found);
    }

    private record Found(int windows, String detectors, boolean falseAlarm) {
        @Override
        public String toString() {
            return windows + " windows, " + windows * BATCH + " images (" + detectors + ")"
                    + (falseAlarm ? ", and an alarm before" : "");
        }
    }

    private static Found delay(ReferenceDetectors detectors, IntFunction<FeatureMatrix> stream) {
        double sum = 0;
        boolean falseAlarm = false;
        for (int window = 0; window < WITHOUT + 2 * DEGREES; window++) {
            List<Detection> answers = detectors.test(stream.apply(window), window, OptionalDouble.of(sum));
            sum = answers.get(answers.size() - 1).score();
            String alarms = answers.stream()
                    .filter(Detection::alarm)
                    .map(Detection::name)
                    .collect(Collectors.joining("+"));
            if (!alarms.isEmpty() && window >= WITHOUT) {
                return new Found(window - WITHOUT + 1, alarms, falseAlarm);
            }
            falseAlarm |= !alarms.isEmpty();
        }
        return new Found(2 * DEGREES, "none until then", falseAlarm);
    }

    private FeatureMatrix embed(List<byte[]> files) {
        return embedder.features(files, BATCH, done -> true);
    }

    private List<Integer> all() {
        return IntStream.range(0, images.size()).boxed().toList();
    }

    private List<Integer> of(IntPredicate classes) {
        List<String> names = labels.stream().distinct().sorted().toList();
        return all().stream()
                .filter(i -> classes.test(names.indexOf(labels.get(i))))
                .toList();
    }

    static List<Integer> shuffled(List<Integer> numbers, Random random) {
        List<Integer> order = new ArrayList<>(numbers);
        Collections.shuffle(order, random);
        return order;
    }

    private static int[] drawn(List<Integer> from, int count, Random random) {
        return random.ints(0, from.size())
                .distinct()
                .limit(count)
                .map(from::get)
                .toArray();
    }

    static int[] ints(List<Integer> numbers) {
        return numbers.stream().mapToInt(Integer::intValue).toArray();
    }

    static void say(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }
}

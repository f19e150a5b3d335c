package org.millrace.evaluator.learning;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.millrace.contract.config.EvaluatorConfig;
import org.millrace.contract.event.BucketScores;
import org.millrace.evaluator.probe.ProbeImage;

/** Held-out images cut into the buckets of the stream. Immutable, safe for many readers. */
public final class BucketCut {
    private static final int LABELS_NAMED = 3;

    private final EvaluatorConfig config;
    private final List<Bucket> buckets;

    private BucketCut(EvaluatorConfig config, List<Bucket> buckets) {
        this.config = config;
        this.buckets = buckets;
    }

    /**
     * Cuts by the configuration, into {@code evaluator.buckets} of them.
     *
     * @param labels of all classes, in order
     * @param images held out, in the order of the rows that will be scored
     */
    public static BucketCut of(EvaluatorConfig config, List<String> labels, List<ProbeImage> images) {
        return new BucketCut(
                config,
                switch (config.bucketBy()) {
                    case LABEL -> byLabel(config.buckets(), labels, images);
                    case TIME -> byTime(config.buckets(), images);
                });
    }

    /**
     * The share of hits in each bucket, where it has enough images.
     *
     * @param linear rows that the linear probe puts into the right class
     * @param neighbours rows that the nearest neighbours do
     */
    public BucketScores scores(BitSet linear, BitSet neighbours) {
        return new BucketScores(
                config.bucketBy().name().toLowerCase(Locale.ROOT),
                config.bucketImages(),
                buckets.stream()
                        .map(bucket -> new BucketScores.Score(
                                bucket.name, bucket.rows.length, share(bucket, linear), share(bucket, neighbours)))
                        .toList());
    }

    private static OptionalDouble share(Bucket bucket, BitSet hits) {
        return bucket.rows.length < BucketScores.LEAST_IMAGES
                ? OptionalDouble.empty()
                : OptionalDouble.of(IntStream.of(bucket.rows).filter(hits::get).count() / (double) bucket.rows.length);
    }

    private static List<Bucket> byLabel(int count, List<String> labels, List<ProbeImage> images) {
        List<Bucket> buckets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            List<String> own = labels.subList(part(i, count, labels.size()), part(i + 1, count, labels.size()));
            int[] rows = IntStream.range(0, images.size())
                    .filter(row -> own.contains(images.get(row).label()))
                    .toArray();
            buckets.add(new Bucket(name(own), rows));
        }
        return buckets;
    }

    private static String name(List<String> labels) {
        return labels.size() <= LABELS_NAMED
                ? String.join(", ", labels)
                : labels.get(0) + " … " + labels.get(labels.size() - 1) + " (" + labels.size() + " classes)";
    }

    // of equal times, the order of the rows
    private static List<Bucket> byTime(int count, List<ProbeImage> images) {
        List<Integer> order = IntStream.range(0, images.size())
                .boxed()
                .sorted(Comparator.comparingLong(row -> images.get(row).timeMillis()))
                .toList();
        List<Bucket> buckets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            List<Integer> own = order.subList(part(i, count, order.size()), part(i + 1, count, order.size()));
            int[] rows = own.stream().mapToInt(row -> row).toArray();
            buckets.add(new Bucket(
                    rows.length == 0
                            ? "no images"
                            : second(images.get(rows[0])) + " to " + second(images.get(rows[rows.length - 1])),
                    rows));
        }
        return buckets;
    }

    private static String second(ProbeImage image) {
        return Instant.ofEpochMilli(image.timeMillis())
                .truncatedTo(ChronoUnit.SECONDS)
                .toString();
    }

    private static int part(int i, int count, int size) {
        return (int) ((long) i * size / count);
    }

    /** Rows of one bucket. */
    private static final class Bucket {
        private final String name;
        private final int[] rows;

        Bucket(String name, int[] rows) {
            this.name = name;
            this.rows = rows;
        }
    }
}

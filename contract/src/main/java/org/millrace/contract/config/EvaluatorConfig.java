package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.millrace.contract.config.Setting.Effect;

/** The probe set and the probes. */
public record EvaluatorConfig(
        @Setting(value = "4000", doc = "labelled images kept, balanced over the classes", effect = Effect.NONE)
        int probeCapacity,

        @Setting(
                value = "1000",
                doc = "maximum classes; further labels are left out and reported",
                effect = Effect.NONE)
        int maxClasses,

        @Setting(
                value = "200",
                doc = "neighbours k that vote; at most the average number of training images per class",
                effect = Effect.NONE)
        int neighbours,

        @Setting(value = "0.1", doc = "temperature t of a vote, exp(cosine / t)", effect = Effect.NONE)
        double neighbourTemperature,

        @Setting(value = "256", doc = "images embedded at a time", effect = Effect.NONE)
        int batchSize,

        @Setting(
                value = "1000",
                doc =
                        "anchor images (held-out images of the first evaluation) on which encoders are compared with earlier ones; 0 for none",
                effect = Effect.NONE)
        int anchors,

        @Setting(
                value = "10",
                doc = "neighbours k of an anchor image; the churn is the share of new ones",
                effect = Effect.NONE)
        int anchorNeighbours,

        @Setting(
                value = "-1",
                doc = "version of an encoder with which every later one is also compared; -1 for none",
                effect = Effect.NONE)
        long pinnedVersion,

        @Setting(
                value = "",
                doc =
                        "comma-separated versions of encoders whose embeddings are in an index; every other encoder gets an adapter to the space of each, and to that of the pinned version",
                effect = Effect.NONE)
        List<Long> spaces,

        @Setting(
                value = "1",
                doc =
                        "maximum churn, the share of new neighbours against the current encoder, in [0, 1]; an encoder above it is held until `millrace evaluate --accept`; 1 holds none",
                effect = Effect.NONE)
        double churnBudget,

        @Setting(
                value = "0",
                doc = "buckets that the labelled images are cut into, for accuracy over the stream; 0 for none",
                effect = Effect.NONE)
        int buckets,

        @Setting(
                value = "label",
                doc =
                        "`label` (classes in alphabetical order, equally many per bucket) or `time` (of the labelled records, equally many images per bucket)",
                effect = Effect.NONE)
        BucketBy bucketBy,

        @Setting(value = "10000", doc = "images of the stream that are trained in one bucket", effect = Effect.NONE)
        long bucketImages) {
    private static final int MOST_SPACES = 8;

    public EvaluatorConfig {
        spaces = List.copyOf(spaces);
        check(probeCapacity >= 4, "evaluator.probe-capacity must be at least 4, but was %d", probeCapacity);
        check(
                maxClasses >= 2 && maxClasses <= probeCapacity / 2,
                "evaluator.max-classes must be in [2, probe-capacity / 2 (%d)], but was %d",
                probeCapacity / 2,
                maxClasses);
        check(neighbours >= 1, "evaluator.neighbours must be at least 1, but was %d", neighbours);
        check(
                neighbourTemperature > 0,
                "evaluator.neighbour-temperature must be positive, but was %s",
                neighbourTemperature);
        check(
                anchors == 0 || anchors > anchorNeighbours,
                "evaluator.anchors must be 0 or more than evaluator.anchor-neighbours (%d), but was %d",
                anchorNeighbours,
                anchors);
        check(anchorNeighbours >= 1, "evaluator.anchor-neighbours must be at least 1, but was %d", anchorNeighbours);
        check(batchSize >= 1, "evaluator.batch-size must be at least 1, but was %d", batchSize);
        check(
                pinnedVersion >= -1,
                "evaluator.pinned-version must be a version or -1 for none, but was %d",
                pinnedVersion);
        check(
                spaces.stream().allMatch(version -> version >= 0),
                "evaluator.spaces must be versions of encoders, 0 or more, but was %s",
                spaces);
        check(
                spaces.size() <= MOST_SPACES,
                "evaluator.spaces must be at most %d versions, but were %d",
                MOST_SPACES,
                spaces.size());
        check(
                spaces.isEmpty() || anchors > 0,
                "evaluator.spaces is %s, but without anchors no adapter is fitted: evaluator.anchors must not be 0",
                spaces);
        check(
                churnBudget >= 0 && churnBudget <= 1,
                "evaluator.churn-budget must be in [0, 1], but was %s",
                churnBudget);
        check(
                churnBudget == 1 || anchors > 0,
                "evaluator.churn-budget is %s, but without anchors no churn is measured: evaluator.anchors must not be 0",
                churnBudget);
        check(
                buckets == 0 || (buckets >= 2 && buckets <= 1000),
                "evaluator.buckets must be 0 or in [2, 1000], but was %d",
                buckets);
        check(bucketImages >= 1, "evaluator.bucket-images must be at least 1, but was %d", bucketImages);
    }

    /** The versions to whose spaces there are adapters: {@code evaluator.pinned-version} and {@code evaluator.spaces}. */
    public SortedSet<Long> adaptedSpaces() {
        var all = new TreeSet<>(spaces);
        if (pinnedVersion >= 0) {
            all.add(pinnedVersion);
        }
        return Collections.unmodifiableSortedSet(all);
    }

    /** How the labelled images are divided into buckets. */
    public enum BucketBy {
        LABEL,
        TIME
    }
}

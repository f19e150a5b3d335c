package org.millrace.evaluator.learning;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalDouble;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.EvaluatorConfig;
import org.millrace.contract.event.BucketScores;
import org.millrace.evaluator.probe.Half;
import org.millrace.evaluator.probe.ProbeFeed;
import org.millrace.evaluator.probe.ProbeImage;

class BucketCutTest {
    private static final List<String> LABELS = List.of("ant", "bee", "cat", "dog", "elk");

    @TempDir
    private Path folder;

    @Test
    void scores_byLabel_classesInOrderAndSharesOfEachBucket() {
        List<ProbeImage> images = feed(200, config("label", 2)).set().images(Half.TEST);
        BitSet linear = new BitSet();
        BitSet neighbours = new BitSet();
        for (int row = 0; row < images.size(); row++) {
            linear.set(row, images.get(row).label().equals("bee"));
            neighbours.set(row, !images.get(row).label().equals("bee"));
        }
        BucketScores scores = BucketCut.of(config("label", 2), LABELS, images).scores(linear, neighbours);
        assertThat(scores.by()).isEqualTo("label");
        assertThat(scores.streamImages()).isEqualTo(64);
        assertThat(scores.scores()).extracting(BucketScores.Score::name).containsExactly("ant, bee", "cat, dog, elk");
        assertThat(scores.scores()).extracting(BucketScores.Score::images).containsExactly(80, 120);
        assertThat(scores.scores())
                .extracting(BucketScores.Score::linear)
                .containsExactly(OptionalDouble.of(0.5), OptionalDouble.of(0));
        assertThat(scores.scores())
                .extracting(BucketScores.Score::neighbours)
                .containsExactly(OptionalDouble.of(0.5), OptionalDouble.of(1));
    }

    @Test
    void scores_byTime_equalPartsInTheOrderOfTimeAlsoAfterARestart() {
        EvaluatorConfig config = config("time", 4);
        feed(160, config).save();
        List<ProbeImage> images =
                new ProbeFeed(config, folder, file -> true).set().images(Half.TEST);
        BitSet early = new BitSet();
        for (int row = 0; row < images.size(); row++) {
            early.set(row, images.get(row).timeMillis() < 60_000);
        }
        BucketScores scores = BucketCut.of(config, LABELS, images).scores(early, new BitSet());
        assertThat(scores.scores())
                .extracting(BucketScores.Score::name)
                .startsWith("1970-01-01T00:00:00Z to 1970-01-01T00:00:39Z");
        assertThat(scores.scores())
                .extracting(BucketScores.Score::linear)
                .containsExactly(
                        OptionalDouble.of(1), OptionalDouble.of(0.5), OptionalDouble.of(0), OptionalDouble.of(0));
    }

    @Test
    void scores_fewerImagesThanNeeded_noAccuracy() {
        List<ProbeImage> images =
                feed(2 * BucketScores.LEAST_IMAGES - 1, config("time", 2)).set().images(Half.TEST);
        BitSet all = new BitSet();
        all.set(0, images.size());
        BucketScores scores = BucketCut.of(config("time", 2), LABELS, images).scores(all, all);
        assertThat(scores.scores()).extracting(BucketScores.Score::images).containsExactly(29, 30);
        assertThat(scores.scores())
                .extracting(BucketScores.Score::linear)
                .containsExactly(OptionalDouble.empty(), OptionalDouble.of(1));
    }

    @Test
    void scores_moreBucketsThanClasses_someAreEmpty() {
        List<ProbeImage> images = feed(200, config("label", 8)).set().images(Half.TEST);
        BucketScores scores = BucketCut.of(config("label", 8), LABELS, images).scores(new BitSet(), new BitSet());
        assertThat(scores.scores()).hasSize(8);
        assertThat(scores.scores().stream().mapToInt(BucketScores.Score::images).sum())
                .isEqualTo(200);
    }

    private static EvaluatorConfig config(String by, int buckets) {
        return new ConfigLoader()
                .assignments(List.of(
                        "evaluator.buckets=" + buckets, "evaluator.bucket-by=" + by, "evaluator.bucket-images=64"))
                .load()
                .evaluator();
    }

    /** Held-out images of the labels in turn, one a second. */
    private ProbeFeed feed(int count, EvaluatorConfig config) {
        ProbeFeed feed = new ProbeFeed(config, folder, file -> true);
        for (int i = 0; i < count; i++) {
            RecordHeaders headers = new RecordHeaders();
            ImageHeaders.put(headers, ImageHeaders.LABEL, LABELS.get(i % LABELS.size()));
            ImageHeaders.put(headers, ImageHeaders.SPLIT, "test");
            feed.accept(new ConsumerRecord<>(
                    "probe",
                    0,
                    i,
                    1_000L * i,
                    TimestampType.CREATE_TIME,
                    0,
                    0,
                    null,
                    new byte[] {(byte) i},
                    headers,
                    java.util.Optional.empty()));
        }
        return feed;
    }
}

package org.millrace.evaluator.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.millrace.evaluator.probe.LabelledHalves;
import org.millrace.evaluator.probe.ProbeImage;
import org.millrace.evaluator.protocol.ProbeProtocol.Name;

final class FineTuningTest {
    /** Fewer than the protocol's, which are enough for three textures. */
    private static final int STEPS = 60;

    @Test
    void of_names_haveThePapersEpochsAndAtLeast200Steps() {
        assertThat(ProbeProtocol.of(Name.FINETUNE_1)).isEqualTo(new FineTuning(1, 60, 200));
        assertThat(ProbeProtocol.of(Name.FINETUNE_10)).isEqualTo(new FineTuning(10, 30, 200));
    }

    @Test
    void score_ofImagesThatDiffer_learnsFromFewLabelsWithBothBeginnings() {
        TestBenchmarks benchmarks = new TestBenchmarks();
        try (Benchmark benchmark = benchmarks.ofNetwork(TestBenchmarks.textures(21, 20))) {
            List<ProtocolScore> scores = new FineTuning(10, 30, STEPS).score(benchmark);
            assertThat(scores).extracting(ProtocolScore::protocol).containsExactly("finetune-10", "finetune-10-random");
            assertThat(scores).allSatisfy(score -> {
                assertThat(score.top1()).isGreaterThan(0.8);
                assertThat(score.settings())
                        .containsEntry("labels", 6)
                        .containsEntry("steps", STEPS)
                        .containsEntry("batch", 6);
            });
            assertThat(scores.get(0).settings()).containsEntry("from", "encoder");
            assertThat(scores.get(1).settings()).containsEntry("from", "random weights");
            assertThat(benchmarks.last).isEqualTo(benchmarks.expected);
        }
    }

    @Test
    void subset_ofUnequalClasses_takesTheShareOfEachByHash() {
        LabelledHalves halves = TestBenchmarks.clouds(22, 100, 3, 2, 5);
        List<ProbeImage> uneven = halves.train().stream()
                .filter(image -> !image.label().equals("class2") || image.file()[0] % 2 == 0)
                .toList();
        List<ProbeImage> chosen = new FineTuning(10, 30, 200).subset(uneven);
        long ofLast =
                uneven.stream().filter(image -> image.label().equals("class2")).count();
        assertThat(ofLast).isBetween(20L, 80L);
        assertThat(count(chosen, "class0")).isEqualTo(10);
        assertThat(count(chosen, "class1")).isEqualTo(10);
        assertThat(count(chosen, "class2")).isEqualTo(Math.round(ofLast / 10.0));
        assertThat(chosen.stream()
                        .filter(image -> image.label().equals("class0"))
                        .toList())
                .as("the lowest ranks")
                .isEqualTo(uneven.stream()
                        .filter(image -> image.label().equals("class0"))
                        .limit(10)
                        .toList());
        assertThat(new FineTuning(1, 60, 200).subset(uneven)).hasSize(3);
    }

    private static long count(List<ProbeImage> images, String label) {
        return images.stream().filter(image -> image.label().equals(label)).count();
    }
}

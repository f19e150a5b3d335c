package org.millrace.evaluator.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.millrace.encoder.network.LinearHead;
import org.millrace.encoder.optimiser.OptimiserRule;
import org.millrace.evaluator.protocol.ProbeProtocol.Name;
import org.millrace.evaluator.score.Trial;

final class FeatureProtocolsTest {
    private final TestBenchmarks benchmarks = new TestBenchmarks();

    @ParameterizedTest
    @EnumSource(
            value = Name.class,
            names = {"LOGISTIC", "KNN", "RIDGE", "LINEAR_SGD", "MLP"})
    void score_ofFarClouds_isPerfectAndTellsItsProgress(Name name) {
        try (Benchmark benchmark = benchmarks.ofPixels(TestBenchmarks.clouds(11, 30, 6, 3, 8), 3)) {
            ProtocolScore score = only(ProbeProtocol.of(name).score(benchmark));
            assertThat(score.top1()).isEqualTo(1);
            assertThat(score.top5()).hasValue(1);
            assertThat(score.protocol())
                    .isEqualTo(name.name().toLowerCase(Locale.ROOT).replace('_', '-'));
            assertThat(benchmarks.tasks).containsExactly("embed", score.protocol());
            assertThat(benchmarks.last).isEqualTo(benchmarks.expected);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Name.class,
            names = {"LOGISTIC", "KNN", "RIDGE", "LINEAR_SGD", "MLP"})
    void score_ofFeaturesWithoutMeaning_isAtChanceAndRepeatable(Name name) {
        try (Benchmark benchmark = benchmarks.ofPixels(TestBenchmarks.clouds(12, 100, 3, 2, 1e6), 2)) {
            ProtocolScore score = only(ProbeProtocol.of(name).score(benchmark));
            assertThat(score.top1()).isCloseTo(1 / 3.0, within(0.12));
            assertThat(score.top5()).as("of three classes").isEmpty();
            ProtocolScore again = only(ProbeProtocol.of(name).score(benchmark));
            assertThat(again.top1()).isEqualTo(score.top1());
            assertThat(again.trials()).isEqualTo(score.trials());
            assertThat(again.settings()).isEqualTo(score.settings());
        }
    }

    @Test
    void linearSgd_rates_areAllTriedAndTheBestIsUsed() {
        try (Benchmark benchmark = benchmarks.ofPixels(TestBenchmarks.clouds(13, 60, 4, 3, 50), 3)) {
            ProtocolScore score = only(ProbeProtocol.of(Name.LINEAR_SGD).score(benchmark));
            assertThat(score.trials())
                    .extracting(Trial::value)
                    .containsExactly(0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0);
            double best =
                    score.trials().stream().mapToDouble(Trial::accuracy).max().orElseThrow();
            Trial used = score.trials().stream()
                    .filter(trial -> trial.accuracy() == best)
                    .findFirst()
                    .orElseThrow();
            assertThat(score.settings())
                    .containsEntry("rate", used.value())
                    .containsEntry("epochs", 100)
                    .containsEntry("batch", 256);
        }
    }

    @Test
    void recipe_rate_fallsAtItsMilestones() {
        FeatureRecipe recipe =
                new FeatureRecipe(LinearHead::new, OptimiserRule.sgd(0.9, false, 0), 256, 100, List.of(60, 80), 0.1);
        assertThat(recipe.rate(30, 0)).isEqualTo(30);
        assertThat(recipe.rate(30, 59)).isEqualTo(30);
        assertThat(recipe.rate(30, 60)).isCloseTo(3, within(1e-12));
        assertThat(recipe.rate(30, 79)).isCloseTo(3, within(1e-12));
        assertThat(recipe.rate(30, 80)).isCloseTo(0.3, within(1e-12));
    }

    private static ProtocolScore only(List<ProtocolScore> scores) {
        assertThat(scores).hasSize(1);
        return scores.get(0);
    }
}

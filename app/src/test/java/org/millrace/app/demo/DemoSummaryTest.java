package org.millrace.app.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.millrace.contract.event.Health;
import org.millrace.contract.event.Interval;

final class DemoSummaryTest {
    @Test
    void of_reportWithHealth_hasALineForEachEncoder() {
        Health collapsed = new Health(1000, 64, 0, 1, 0, Optional.empty(), 0);
        Health healthy = new Health(1000, 64, 0.05, 16.4, 27.5, Optional.of(new Health.PowerLaw(1.8, 4, 64)), -0.6);
        assertThat(DemoSummary.of(report(Optional.of(collapsed), Optional.of(healthy)), List.of(5.0, 4.0)))
                .containsPattern("health, untrained +spread 0\\.000/√64 .* COLLAPSED")
                .containsPattern("health, last +spread 0\\.400/√64 .* α 1\\.80");
    }

    @Test
    void of_reportOfAnOlderEvaluator_hasNone() {
        assertThat(DemoSummary.of(report(Optional.empty(), Optional.empty()), List.of(5.0)))
                .contains("points gained", "60.0 %   50.0 %   95 %: (56.9–63.0)")
                .doesNotContain("health");
    }

    @Test
    void of_stoppedBeforeTheFirstStep_saysSoAndNothingElse() {
        DemoReport report = stopped(0, Optional.empty());
        assertThat(DemoSummary.of(report, List.of()))
                .isEqualTo(
                        "\nimages     pushed 10 · trained 9 · rejected 1\ntraining   stopped before the first step\n");
    }

    @Test
    void of_stoppedBeforeTheLastScore_saysWhatIsNotKnown() {
        assertThat(DemoSummary.of(stopped(2, Optional.empty()), List.of(5.0, 4.0)))
                .contains("training   2 steps", "loss       4.000, mean of 2 steps", "stopped before the first score")
                .doesNotContain("first ·");
        assertThat(DemoSummary.of(stopped(1, Optional.empty()), List.of(5.0)))
                .contains("training   1 step ·", "mean of 1 step ");
        assertThat(DemoSummary.of(stopped(21, Optional.empty()), List.of(5.0, 4.0)))
                .contains("loss       5.000 first · 4.000 last, means of 20 steps");
        var untrained = scores(0, 0.6, 0.5, Optional.empty());
        assertThat(DemoSummary.of(stopped(2, Optional.of(untrained)), List.of(5.0, 4.0)))
                .contains("untrained         60.0 %   50.0 %", "points gained    unknown");
    }

    private static DemoReport stopped(int steps, Optional<DemoReport.Scores> untrained) {
        return new DemoReport(
                10,
                9,
                1,
                steps,
                100,
                OptionalDouble.of(5),
                OptionalDouble.of(4),
                untrained,
                Optional.empty(),
                Optional.empty(),
                8,
                16,
                Map.of());
    }

    private static DemoReport.Scores scores(long version, double linear, double neighbours, Optional<Health> health) {
        return new DemoReport.Scores(
                version, linear, Optional.of(Interval.wilson(600, 1000)), neighbours, Optional.empty(), 1000, health);
    }

    private static DemoReport report(Optional<Health> untrained, Optional<Health> last) {
        var before = scores(0, 0.6, 0.5, untrained);
        var after = scores(200, 0.7, 0.6, last);
        return new DemoReport(
                10,
                9,
                1,
                2,
                100,
                OptionalDouble.of(5),
                OptionalDouble.of(4),
                Optional.of(before),
                Optional.of(after),
                Optional.of(DemoReport.Margin.of(2, before, after)),
                8,
                16,
                Map.of("views", 1.5));
    }
}

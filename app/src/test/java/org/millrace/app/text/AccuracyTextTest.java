package org.millrace.app.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.millrace.contract.event.Comparison;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.Interval;

class AccuracyTextTest {
    @Test
    void linearAndNeighbours_haveIntervalAndMarkWhereTheyAreKnown() {
        Evaluation evaluation = new Evaluation(
                1,
                "main",
                400,
                400,
                51_200,
                10,
                23,
                23,
                new Evaluation.LinearScore(
                        10.0 / 23, 1e-3, 5, true, Optional.of(Interval.wilson(10, 23)), Optional.of(Comparison.BELOW)),
                new Evaluation.NeighbourScore(0.5, 20, 0.1, Optional.empty(), Optional.of(Comparison.NO_DIFFERENT)),
                1,
                7,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        assertThat(AccuracyText.linear(evaluation)).isEqualTo("43.5 % (25.6–63.2), BELOW the untrained encoder");
        assertThat(AccuracyText.neighbours(evaluation)).isEqualTo("50.0 %, no different from the untrained encoder");
    }
}

package org.millrace.evaluator.learning;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.millrace.contract.event.BucketScores;
import org.millrace.contract.event.BucketScores.Score;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.registry.TestRecords;
import org.millrace.evaluator.learning.LearningReport.Row;

class LearningReportTest {
    /** Buckets of 100 images of the stream, which are 10 steps. */
    @Test
    void of_severalEvaluationsInABucket_theNewestIsItsRow() {
        LearningReport report = LearningReport.of(
                        List.of(
                                scored(0, "ab", 0.1, 0.2),
                                scored(20, "ab", 0.4, 0.9),
                                scored(5, "ab", 0.3, 0.2),
                                scored(10, "ab", 0.6, 0.3),
                                scored(21, "ab", 0.7, 0.7)),
                        OptionalInt.of(10))
                .orElseThrow();
        assertThat(report.untrained().orElseThrow().version()).isZero();
        assertThat(report.rows()).extracting(row -> row.orElseThrow().version()).containsExactly(10L, 20L);
        assertThat(report.notInRows()).isEqualTo(1);
        assertThat(report.linear().forgetting().getAsDouble()).isEqualTo(0.6 - 0.4);
        assertThat(report.linear().nextBucket()).hasValue(0.3);
        assertThat(report.neighbours().finalAverage()).as("0.1 less each").hasValue((0.4 - 0.1 + 0.9 - 0.1) / 2);
        assertThat(report.compute().orElseThrow().product()).isEqualTo(2 * 20 * 10);
    }

    @Test
    void of_bucketWithoutEvaluation_anEmptyRowAndNoFigureThatNeedsIt() {
        LearningReport report = LearningReport.of(List.of(scored(20, "ab", 0.4, 0.9)), OptionalInt.empty())
                .orElseThrow();
        assertThat(report.rows().get(0)).isEmpty();
        assertThat(report.linear().forgetting()).isEmpty();
        assertThat(report.linear().finalAverage()).hasValue(0.65);
        assertThat(report.compute()).isEmpty();
    }

    @Test
    void of_evaluationCutOtherwise_hasNoScoresInThoseBuckets() {
        LearningReport report = LearningReport.of(
                        List.of(scored(10, "ax", 0.6, 0.3), scored(20, "ab", 0.4, 0.9)), OptionalInt.of(10))
                .orElseThrow();
        Row first = report.rows().get(0).orElseThrow();
        assertThat(first.linear()).containsExactly(OptionalDouble.of(0.6), OptionalDouble.empty());
        assertThat(report.linear().nextBucket()).isEmpty();
        assertThat(report.linear().forgetting().getAsDouble()).isEqualTo(0.6 - 0.4);
    }

    @Test
    void of_noScoresByBucket_none() {
        assertThat(LearningReport.of(
                        List.of(TestRecords.scored(10, Optional.empty(), Optional.empty())), OptionalInt.of(10)))
                .isEmpty();
    }

    // a bucket for each letter
    private static Evaluation scored(long step, String names, double... linear) {
        List<Score> scores = new ArrayList<>();
        for (int j = 0; j < linear.length; j++) {
            scores.add(new Score(
                    names.substring(j, j + 1), 50, OptionalDouble.of(linear[j]), OptionalDouble.of(linear[j] - 0.1)));
        }
        return TestRecords.scored(step, Optional.empty(), Optional.of(new BucketScores("label", 100, scores)));
    }
}

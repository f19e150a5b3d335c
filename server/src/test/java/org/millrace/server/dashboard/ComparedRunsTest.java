package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.ProbeAnswers;
import org.millrace.contract.event.Standing;
import org.millrace.evaluator.score.PairedScores;

/** What the page compares: each run's newest encoder with the first run's, where both were scored on the same images. */
final class ComparedRunsTest {
    private static final String PROBE = "a".repeat(64);
    private static final String OTHER = "b".repeat(64);

    @Test
    void of_newestEncoders_areComparedWithTheFirstRuns() {
        ComparedRuns compared = ComparedRuns.of(
                List.of("a", "b", "c", "d"),
                List.of(
                        List.of(evaluation(2, PROBE, 0, 1, 2), evaluation(1, PROBE, 7)),
                        List.of(evaluation(9, PROBE, 1, 2, 3, 4, 5)),
                        List.of(evaluation(3, OTHER, 1)),
                        List.of()));
        assertThat(compared.runs()).extracting(ComparedRuns.Scored::run).containsExactly("a", "b", "c", "d");
        assertThat(compared.runs().get(0).scores())
                .extracting(ComparedRuns.Score::version)
                .containsExactly(1L, 2L);
        assertThat(compared.runs().get(0).difference()).isEmpty();
        PairedScores better = compared.runs().get(1).difference().orElseThrow();
        assertThat(better.linear().orElseThrow().difference()).isEqualTo(2.0 / 8);
        assertThat(better.linear().orElseThrow().onlyFirst()).isEqualTo(3);
        assertThat(better.linear().orElseThrow().onlySecond()).isEqualTo(1);
        assertThat(compared.runs().get(2).difference().orElseThrow().missing())
                .isEqualTo("scored on different probe sets");
        assertThat(compared.runs().get(3).difference()).isEmpty();
    }

    // of 8 held-out images; both probes are right about these
    private static Evaluation evaluation(long version, String probe, int... right) {
        BitSet hits = new BitSet();
        for (int image : right) {
            hits.set(image);
        }
        Evaluation known = RunMetricsTest.evaluation(version, Standing.Verdict.CURRENT);
        return new Evaluation(
                known.schema(),
                known.run(),
                version,
                version,
                known.imagesTrained(),
                known.classes(),
                known.trainImages(),
                known.testImages(),
                known.linear(),
                known.neighbours(),
                known.seconds(),
                known.evaluatedAtMillis(),
                known.health(),
                known.modelDrift(),
                known.standing(),
                known.oldDomain(),
                known.buckets(),
                known.spaces(),
                Optional.of(ProbeAnswers.of(probe, hits, hits)));
    }
}

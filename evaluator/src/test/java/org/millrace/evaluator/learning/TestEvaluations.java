package org.millrace.evaluator.learning;

import java.util.Optional;
import org.millrace.contract.event.BucketScores;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.Standing;

/** Evaluations of a run whose batches have 10 images. */
public final class TestEvaluations {
    private TestEvaluations() {}

    /** Of the encoder after that step. */
    public static Evaluation scored(long step, Optional<Standing> standing, Optional<BucketScores> buckets) {
        return new Evaluation(
                Evaluation.SCHEMA,
                "main",
                step,
                step,
                10 * step,
                2,
                40,
                40,
                new Evaluation.LinearScore(0.5, 1e-3, 5, true, Optional.empty(), Optional.empty()),
                new Evaluation.NeighbourScore(0.5, 20, 0.1, Optional.empty(), Optional.empty()),
                1,
                0,
                Optional.empty(),
                Optional.empty(),
                standing,
                buckets);
    }
}

package org.millrace.evaluator.score;

import java.util.BitSet;
import java.util.Optional;
import java.util.function.Function;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.ProbeAnswers;

/**
 * The accuracies of one encoder minus another's, image by image. docs/decisions/0052-paired-differences.md.
 *
 * @param missing why there are none, in words; empty where there are
 */
public record PairedScores(Optional<Difference> linear, Optional<Difference> neighbours, String missing) {
    /** First minus second. */
    public static PairedScores of(Evaluation first, Evaluation second) {
        if (first.answers().isEmpty() || second.answers().isEmpty()) {
            return none("scored by an earlier release, which did not record its answers");
        }
        ProbeAnswers one = first.answers().get();
        ProbeAnswers other = second.answers().get();
        if (!one.probe().equals(other.probe()) || first.testImages() != second.testImages()) {
            return none("scored on different probe sets");
        }
        Function<Function<ProbeAnswers, BitSet>, Optional<Difference>> side =
                hits -> Optional.of(Difference.of(hits.apply(one), hits.apply(other), first.testImages()));
        return new PairedScores(side.apply(ProbeAnswers::linearHits), side.apply(ProbeAnswers::neighbourHits), "");
    }

    private static PairedScores none(String why) {
        return new PairedScores(Optional.empty(), Optional.empty(), why);
    }
}

package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.OptionalLong;
import org.millrace.contract.event.Evaluation.LinearScore;
import org.millrace.contract.event.Evaluation.NeighbourScore;

/**
 * Scores of an encoder on labelled images of the domain that its run came from, {@code guard.old-probe}, and what follows from them.
 *
 * @param against version that the encoder is compared with; absent for the first one scored on this domain
 * @param fallen points, hundredths of the linear probe's accuracy, lost against that one; negative where gained
 * @param budget most points that may be lost, {@code guard.budget}
 * @param weight λ of the guard from now on
 */
public record OldDomain(
        int classes,
        int trainImages,
        int testImages,
        LinearScore linear,
        NeighbourScore neighbours,
        OptionalLong against,
        double fallen,
        double budget,
        double weight) {
    public OldDomain {
        check(linear != null && neighbours != null, "an old domain must have scores");
        check(Double.isFinite(fallen), "fallen must be finite, but was %s", fallen);
        check(weight > 0 && Double.isFinite(weight), "weight must be positive, but was %s", weight);
    }

    /** Whether more is lost than the budget. */
    public boolean over() {
        return fallen > budget;
    }
}

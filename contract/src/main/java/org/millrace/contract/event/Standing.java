package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Whether an encoder may be taken as its run's newest, by the churn budget when it was scored. An {@link EncoderAccepted} after it has
 * the last word.
 *
 * @param against version that was current before it, and that it was judged against; absent where there was no trained one
 * @param churn share of the anchors' nearest neighbours that are new against that one, in [0, 1]; absent where it was not measured
 * @param budget most that the share might be, {@code evaluator.churn-budget}; 1 holds nothing
 */
public record Standing(Verdict verdict, OptionalLong against, OptionalDouble churn, double budget) {
    public Standing {
        check(against.orElse(0) >= 0, "against must not be negative, but was %s", against);
        check(churn.orElse(0) >= 0 && churn.orElse(0) <= 1, "churn must be in [0, 1], but was %s", churn);
        check(budget >= 0 && budget <= 1, "budget must be in [0, 1], but was %s", budget);
    }

    /** The answer. */
    public enum Verdict {
        /** It may be taken. */
        CURRENT,
        /** It would move more than the budget, or how much it moves is unknown: the operator decides. */
        HELD
    }

    public boolean held() {
        return verdict == Verdict.HELD;
    }

    /** Whether a budget was set. */
    public boolean budgeted() {
        return budget < 1;
    }
}

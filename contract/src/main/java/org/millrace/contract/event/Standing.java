package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Whether an encoder may be taken as its run's newest, by the budgets when it was scored. An {@link EncoderAccepted} after it has
 * the last word.
 *
 * @param against version that was current before it, and that it was judged against; absent where there was no trained one
 * @param churn share of the anchors' nearest neighbours that are new against that one, in [0, 1]; absent where it was not measured
 * @param budget most that the share might be, {@code evaluator.churn-budget}; 1 holds nothing
 * @param fall of the score on the old domain; absent without {@code guard.old-probe}, and in records of older writers
 */
public record Standing(
        Verdict verdict,
        OptionalLong against,
        OptionalDouble churn,
        double budget,
        @JsonInclude(Include.NON_ABSENT) Optional<Fall> fall) {
    public Standing {
        check(against.orElse(0) >= 0, "against must not be negative, but was %s", against);
        check(churn.orElse(0) >= 0 && churn.orElse(0) <= 1, "churn must be in [0, 1], but was %s", churn);
        check(budget >= 0 && budget <= 1, "budget must be in [0, 1], but was %s", budget);
    }

    /** By the churn budget alone. */
    public Standing(Verdict verdict, OptionalLong against, OptionalDouble churn, double budget) {
        this(verdict, against, churn, budget, Optional.empty());
    }

    /**
     * How far the linear probe's accuracy on the old domain has fallen.
     *
     * @param against version that it is compared with
     * @param points hundredths; negative where it rose
     * @param budget most points that it may fall, {@code guard.budget}
     */
    public record Fall(long against, double points, double budget) {
        public boolean over() {
            return points > budget;
        }
    }

    /** The same, held also where a score has fallen too far. */
    public Standing with(Fall other) {
        return new Standing(other.over() ? Verdict.HELD : verdict, against, churn, budget, Optional.of(other));
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
        return budget < 1 || fall.isPresent();
    }
}

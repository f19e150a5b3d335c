package org.millrace.evaluator;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.millrace.contract.event.ModelDrift;
import org.millrace.contract.event.Standing;
import org.millrace.contract.event.Standing.Verdict;

/** {@code evaluator.churn-budget}: the share of an anchor's nearest neighbours that a new encoder may replace. 1 holds nothing. */
record ChurnBudget(double share) {
    private static final long UNTRAINED = 0;

    /**
     * The standing that an encoder's comparisons give it. The untrained encoder holds nothing back; an encoder that cannot be compared
     * with the current one is held, since it may exceed the budget.
     *
     * @param current version that is current before it
     */
    Standing judge(OptionalLong current, Optional<ModelDrift> drift) {
        if (current.isEmpty() || current.getAsLong() == UNTRAINED) {
            return new Standing(Verdict.CURRENT, OptionalLong.empty(), OptionalDouble.empty(), share);
        }
        OptionalDouble churn = drift.flatMap(known -> known.against(ModelDrift.Role.CURRENT))
                .map(against -> OptionalDouble.of(against.churn()))
                .orElse(OptionalDouble.empty());
        boolean within = share == 1 || (churn.isPresent() && churn.getAsDouble() <= share);
        return new Standing(within ? Verdict.CURRENT : Verdict.HELD, current, churn, share);
    }
}

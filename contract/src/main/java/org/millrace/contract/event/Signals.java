package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a step takes from other topics of its run than images and journal, as those were when the step was planned. A part of the plan, so
 * that a step that is computed again has the same, whatever has come on these topics since.
 *
 * @param guardWeight λ of the guard's loss; absent where it is {@code guard.weight}
 * @param freshShare share of the batch meant for new and short-term images; absent where it is the replay buffer's own
 */
public record Signals(
        @JsonInclude(Include.NON_ABSENT) OptionalDouble guardWeight,
        @JsonInclude(Include.NON_ABSENT) OptionalDouble freshShare) {
    public Signals {
        check(
                guardWeight.orElse(1) > 0 && Double.isFinite(guardWeight.orElse(1)),
                "guardWeight must be positive, but was %s",
                guardWeight);
        check(
                !(freshShare.orElse(0) < 0 || freshShare.orElse(0) > 1),
                "freshShare must be in [0, 1], but was %s",
                freshShare);
    }

    /** These where there is one among them. */
    public static Optional<Signals> of(OptionalDouble guardWeight, OptionalDouble freshShare) {
        return guardWeight.isEmpty() && freshShare.isEmpty()
                ? Optional.empty()
                : Optional.of(new Signals(guardWeight, freshShare));
    }
}

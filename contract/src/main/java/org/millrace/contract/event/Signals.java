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
 * @param gateOpen true where the gate kept every image of the step; else absent
 */
public record Signals(
        @JsonInclude(Include.NON_ABSENT) OptionalDouble guardWeight,
        @JsonInclude(Include.NON_ABSENT) OptionalDouble freshShare,
        @JsonInclude(Include.NON_ABSENT) Optional<Boolean> gateOpen) {
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
    public static Optional<Signals> of(OptionalDouble guardWeight, OptionalDouble freshShare, boolean gateOpen) {
        return guardWeight.isEmpty() && freshShare.isEmpty() && !gateOpen
                ? Optional.empty()
                : Optional.of(new Signals(guardWeight, freshShare, gateOpen ? Optional.of(true) : Optional.empty()));
    }

    /** Whether the gate keeps every image. */
    public static boolean isGateOpen(Optional<Signals> signals) {
        return signals.flatMap(Signals::gateOpen).orElse(false);
    }

    /** These signals, with the gate as it was when the step's images were judged. */
    public static Optional<Signals> withGate(Optional<Signals> signals, boolean gateOpen) {
        return of(
                signals.map(Signals::guardWeight).orElse(OptionalDouble.empty()),
                signals.map(Signals::freshShare).orElse(OptionalDouble.empty()),
                gateOpen);
    }
}

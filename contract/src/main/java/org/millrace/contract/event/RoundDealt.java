package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.millrace.contract.kafka.LogIdentity;

/**
 * The images of a round, dealt to its slots. What a slot computes is a pure function of the merged state before the round, of its ranges here, and
 * of the image log; who computes it does not matter.
 *
 * @param round from 0, without gaps
 * @param step number of the last step before the round; slot {@code s} numbers its steps from {@code step + s · rounds.steps + 1}
 * @param slots of each slot, the ranges that it trains on, ascending in each partition; none for a slot that sits out
 * @param log the topic images that the ranges belong to
 * @param signals what the steps of the round take from other topics; absent where they take nothing, and in records of older writers
 * @param dealtAtMillis Unix time
 */
public record RoundDealt(
        int schema,
        long round,
        long step,
        List<List<OffsetRange>> slots,
        LogIdentity log,
        @JsonInclude(Include.NON_ABSENT) Optional<Signals> signals,
        long dealtAtMillis)
        implements JournalEvent {
    public RoundDealt {
        check(round >= 0, "round must not be negative, but was %d", round);
        check(step >= 0, "step must not be negative, but was %d", step);
        slots = slots.stream().map(List::copyOf).toList();
        check(!slots.isEmpty(), "a round must have a slot");
    }

    /** A deal without signals. */
    public RoundDealt(
            int schema, long round, long step, List<List<OffsetRange>> slots, LogIdentity log, long dealtAtMillis) {
        this(schema, round, step, slots, log, Optional.empty(), dealtAtMillis);
    }

    /** Those that do not sit out, ascending. */
    public List<Integer> dealtSlots() {
        return IntStream.range(0, slots.size())
                .filter(slot -> !slots.get(slot).isEmpty())
                .boxed()
                .toList();
    }

    /** Offsets dealt to all slots together. */
    public long length() {
        return slots.stream()
                .flatMap(List::stream)
                .mapToLong(OffsetRange::length)
                .sum();
    }
}

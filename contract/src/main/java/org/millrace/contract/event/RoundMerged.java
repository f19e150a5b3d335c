package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.List;

/**
 * Which contributions make the state after a round. Every process folds them in this order, to the same bits on any machine.
 *
 * @param round that was dealt by the {@link RoundDealt} of that number
 * @param step number that the last step of the last slot has: the next round begins behind it
 * @param slots those that were dealt images, ascending
 * @param digest of the state after the merge
 * @param change norm of the slots' mean change of the weights
 * @param moved norm of what the outer step did to them
 * @param mergedAtMillis Unix time
 */
public record RoundMerged(
        int schema,
        long round,
        long step,
        List<Slot> slots,
        String digest,
        double change,
        double moved,
        long mergedAtMillis)
        implements JournalEvent {
    public RoundMerged {
        check(round >= 0, "round must not be negative, but was %d", round);
        slots = List.copyOf(slots);
    }

    /**
     * A slot's contribution, and what became of its images.
     *
     * @param from offset of its first record in partition {@code slot} of the topic {@code <run>.work}
     * @param to offset behind its last
     * @param name that its records bear
     * @param sha256 of its bytes
     * @param bits SHA-256 of what was computed, without reports and times: the same from every process on that engine
     * @param images trained
     * @param rejected that do not decode
     * @param left ranges of the deal beyond the slot's last whole batch, to be dealt again
     * @param engine that computed it: bits are the same on one only
     */
    public record Slot(
            int slot,
            long from,
            long to,
            String name,
            String sha256,
            String bits,
            long images,
            long rejected,
            List<OffsetRange> left,
            String engine) {
        public Slot {
            check(slot >= 0, "slot must not be negative, but was %d", slot);
            check(from >= 0 && from < to, "a contribution must have 0 <= from < to, but was [%d, %d)", from, to);
            check(images >= 0 && rejected >= 0, "counts must not be negative: %d, %d", images, rejected);
            left = List.copyOf(left);
            engine = EngineWords.read(engine);
        }
    }

    /** Images trained by all slots. */
    public long images() {
        return slots.stream().mapToLong(Slot::images).sum();
    }

    /** Images of all slots that do not decode. */
    public long rejected() {
        return slots.stream().mapToLong(Slot::rejected).sum();
    }
}

package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.Optional;

/**
 * A record of the topic {@code <run>.slots}: a contribution to a round lies on {@code <run>.work}, whole. Several processes may have computed
 * the same slot; the first whose contribution a {@link RoundMerged} names counts.
 *
 * @param base digest of the state that it began with
 * @param from offset of its first record in partition {@code slot}
 * @param to offset behind its last; records of others may lie between
 * @param name that its records bear
 * @param sha256 of its bytes
 * @param bits SHA-256 of what was computed, without reports and times
 * @param worker process and machine, for people
 * @param engine that computed it
 * @param seconds that its steps took
 * @param readyAtMillis Unix time
 * @param refused in an answer to the notice: why the leading process cannot use the contribution, so that the slot is
 *     computed again
 */
public record SlotReady(
        int schema,
        long round,
        int slot,
        String base,
        long from,
        long to,
        String name,
        String sha256,
        String bits,
        String worker,
        String engine,
        double seconds,
        long readyAtMillis,
        Optional<String> refused)
        implements SlotRecord {
    public static final int SCHEMA = 1;

    public SlotReady {
        check(round >= 0, "round must not be negative, but was %d", round);
        check(slot >= 0, "slot must not be negative, but was %d", slot);
        check(from >= 0 && from < to, "a contribution must have 0 <= from < to, but was [%d, %d)", from, to);
        engine = EngineWords.read(engine);
    }

    /** The leading process's answer to this notice. */
    public SlotReady refusedFor(String reason) {
        return new SlotReady(
                schema,
                round,
                slot,
                base,
                from,
                to,
                name,
                sha256,
                bits,
                worker,
                engine,
                seconds,
                readyAtMillis,
                Optional.of(reason));
    }
}

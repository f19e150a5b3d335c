package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.RoundsConfig;

/**
 * A request that the rounds dealt from now on have another number of slots. The newest counts; each deal shows what it was at the time.
 *
 * @param slots at least 1
 * @param by process and machine, for people
 * @param atMillis Unix time
 */
public record SlotsWanted(int schema, int slots, String by, long atMillis) implements SlotRecord {
    public static final int SCHEMA = 1;

    public SlotsWanted {
        check(
                slots >= 1 && slots <= RoundsConfig.MOST_SLOTS,
                "slots must be in [1, %d], but was %d",
                RoundsConfig.MOST_SLOTS,
                slots);
    }
}

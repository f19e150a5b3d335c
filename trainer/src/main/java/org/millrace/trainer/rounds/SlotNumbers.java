package org.millrace.trainer.rounds;

import org.millrace.trainer.StepNumbers;

/**
 * How the steps of a slot are numbered: one after the other, slot after slot. The schedules take them as if the slots' steps came in turn, so that no
 * slot is ahead of another; the optimiser begins fresh with each round.
 *
 * @param before number of the last step before the round
 * @param slots of the round
 * @param slot from 0
 * @param steps of a slot in a round
 */
record SlotNumbers(long before, int slots, int slot, int steps) implements StepNumbers {
    /** The number of the step before the slot's first. */
    long beforeSlot() {
        return before + (long) slot * steps;
    }

    /** The number of the last step that the round can have. */
    long end() {
        return before + (long) slots * steps;
    }

    @Override
    public long scheduled(long step) {
        return before + (taken(step) - 1) * slots + slot + 1;
    }

    @Override
    public long taken(long step) {
        return step - beforeSlot();
    }
}

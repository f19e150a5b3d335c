package org.millrace.trainer.rounds;

import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.millrace.contract.event.RoundDealt;

/** Computes slots: {@link SlotTrainer}, or in measurements something that takes as long and sends as much. Used by one thread. */
@FunctionalInterface
interface SlotComputation {
    /** The file of a slot's contribution; empty when stopped first. */
    Optional<byte[]> compute(
            GlobalState before, RoundDealt deal, int slot, BooleanSupplier stopped, SlotTrainer.Listeners listeners)
            throws InterruptedException;
}

package org.millrace.trainer.checkpoint;

import java.util.Optional;
import org.millrace.encoder.tensor.Safetensors;
import org.millrace.trainer.gate.GateContent;
import org.millrace.trainer.stream.ReplayContent;

/**
 * The whole state of a run after a step.
 *
 * @param query weights of the learning network with its buffers, full names
 * @param key weights of the momentum encoder (BYOL: target network), or what else the objective carries from step to step
 * @param optimiser what the optimiser carries from step to step
 * @param buffer content of the replay buffer
 * @param gate what the gate remembers of the stream
 * @param teacher the encoder of the guard's teacher, where there is a guard
 */
public record Checkpoint(
        RunState state,
        Safetensors query,
        Safetensors key,
        Safetensors optimiser,
        ReplayContent buffer,
        GateContent gate,
        Optional<Safetensors> teacher) {
    /** The state of a run without a guard. */
    public Checkpoint(
            RunState state,
            Safetensors query,
            Safetensors key,
            Safetensors optimiser,
            ReplayContent buffer,
            GateContent gate) {
        this(state, query, key, optimiser, buffer, gate, Optional.empty());
    }

    public Checkpoint withState(RunState other) {
        return new Checkpoint(other, query, key, optimiser, buffer, gate, teacher);
    }
}

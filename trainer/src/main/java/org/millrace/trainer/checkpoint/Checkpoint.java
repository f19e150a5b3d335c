package org.millrace.trainer.checkpoint;

import java.util.Optional;
import org.millrace.contract.weights.LowRank;
import org.millrace.contract.weights.Safetensors;
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
 * @param base the encoder that the run began with, where parameters of it do not learn; they are not in {@code query}
 */
public record Checkpoint(
        RunState state,
        Safetensors query,
        Safetensors key,
        Safetensors optimiser,
        ReplayContent buffer,
        GateContent gate,
        Optional<Safetensors> teacher,
        Optional<BaseEncoder> base) {
    /** The state of a run without a guard, whose encoder learns as a whole. */
    public Checkpoint(
            RunState state,
            Safetensors query,
            Safetensors key,
            Safetensors optimiser,
            ReplayContent buffer,
            GateContent gate) {
        this(state, query, key, optimiser, buffer, gate, Optional.empty(), Optional.empty());
    }

    public Checkpoint withState(RunState other) {
        return new Checkpoint(other, query, key, optimiser, buffer, gate, teacher, base);
    }

    /**
     * The encoder alone and whole, as it would be published.
     *
     * @param prefix of its tensors in {@link #query}
     */
    public Safetensors encoder(String prefix) {
        Safetensors learned = query.part(prefix);
        return base.map(begun -> LowRank.merged(begun.whole(), learned)).orElse(learned);
    }
}

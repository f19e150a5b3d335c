package org.millrace.trainer.checkpoint;

import java.util.List;
import org.millrace.encoder.tensor.Safetensors;
import org.millrace.trainer.stream.LoggedImage;

/**
 * The whole state of a run after a step.
 *
 * @param query weights of the learning network with its buffers, full names
 * @param key weights of the twin
 * @param optimiser what the optimiser carries from step to step
 * @param buffer content of the replay buffer by slot
 */
public record Checkpoint(
        RunState state, Safetensors query, Safetensors key, Safetensors optimiser, List<LoggedImage> buffer) {
    public Checkpoint withState(RunState other) {
        return new Checkpoint(other, query, key, optimiser, buffer);
    }
}

package org.millrace.trainer.checkpoint;

import org.millrace.contract.Sha256;
import org.millrace.contract.weights.Safetensors;

/**
 * The encoder with which a run began, whole, where the run leaves parameters of it as they were ({@code encoder.train}): the run's checkpoints hold
 * what learns, and this lies once beside them.
 *
 * @param sha256 of its file, lower-case hexadecimal
 */
public record BaseEncoder(Safetensors whole, String sha256) {
    public static BaseEncoder of(Safetensors whole) {
        return new BaseEncoder(whole, Sha256.of(whole.toBytes()));
    }
}

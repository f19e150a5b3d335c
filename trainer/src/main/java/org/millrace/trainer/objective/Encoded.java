package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import org.millrace.encoder.tensor.Tensors;

/**
 * Views that the learning network encoded for a loss, with what came out before its projector; in the scope of that loss.
 *
 * @param views N×C×H×W
 * @param features N×D, float32, with their gradient's way back
 * @param weights the network's tensors that they were computed with
 */
public record Encoded(NDArray views, NDArray features, Tensors weights) {}

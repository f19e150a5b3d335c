package org.millrace.trainer.stream;

import java.util.Optional;
import org.millrace.keystore.image.ImageStore;
import org.millrace.trainer.gate.Gate;

/**
 * Where a run stands in its stream after a step. The preparation of the following steps changes buffer and gate.
 *
 * @param images the files of the buffer's images; empty without a buffer
 */
public record StreamState(StreamPosition position, ReplayBuffer buffer, Optional<ImageStore> images, Gate gate) {}

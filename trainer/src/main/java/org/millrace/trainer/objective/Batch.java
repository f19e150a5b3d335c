package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.ImageOffset;
import org.millrace.keystore.ImageId;

/**
 * What a step learns from.
 *
 * @param step from 1
 * @param images where the images lie in the log, N
 * @param ids of the images, N, where their records have one
 * @param first one view of each image, N×C×H×W normalised: the query's where views differ in kind
 * @param second the other view of each image, N×C×H×W
 */
public record Batch(long step, List<ImageOffset> images, List<Optional<ImageId>> ids, NDArray first, NDArray second) {}

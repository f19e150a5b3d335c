package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.millrace.contract.ImageOffset;

/**
 * What a step learns from.
 *
 * @param step from 1
 * @param images where the images lie in the log, N
 * @param first one view of each image, N×C×H×W normalised: the query's where views differ in kind
 * @param second the other view of each image, N×C×H×W
 */
public record Batch(long step, List<ImageOffset> images, NDArray first, NDArray second) {}

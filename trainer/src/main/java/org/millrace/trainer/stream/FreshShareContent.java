package org.millrace.trainer.stream;

import java.util.List;

/**
 * The share of fresh images in a batch at one moment; enough to go on from there the same.
 *
 * @param share q, in [0, 1]
 * @param variance of an image's loss around the mean of its kind, σ²
 * @param waiting losses of the newest steps, oldest first, that do not count yet
 */
public record FreshShareContent(double share, double variance, List<StepLosses> waiting) {
    public FreshShareContent {
        waiting = List.copyOf(waiting);
    }
}

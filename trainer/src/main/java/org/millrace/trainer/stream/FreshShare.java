package org.millrace.trainer.stream;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.millrace.contract.config.ReplayConfig;

/**
 * The share q of a batch that is meant for fresh images: new ones and those of the short-term tier. It follows their loss:
 *
 * <p>q ← clip(q + ρ·tanh(δ/σ), max(1/8, replay.fresh-share), 3/4), where δ is the mean loss of the fresh images less that of the
 * long-term ones, σ the deviation of an image's loss around the mean of its kind, a running one, and ρ {@code replay.share-rate}. What is
 * learnt worse gets more places. It begins at 1/4, as in Memory Storyboard (Yang, Ren 2025, arXiv:2501.12254).
 *
 * <p>The losses of a step count from {@link #begin} on, as the features do; sums are taken in the batch's order, so q has the same bits
 * when the run is computed again. See docs/decisions/0037-what-a-batch-is-made-of.md. Not thread safe.
 */
final class FreshShare {
    private static final double LEAST = 0.125;
    private static final double FIRST = 0.25;
    private static final double FORGETTING = 0.01; // of the running variance, each step

    private final double rate;
    private final double least;
    private final Deque<StepLosses> waiting = new ArrayDeque<>(); // oldest first
    private double share;
    private double variance; // σ²; 0 before the first step that compares

    FreshShare(ReplayConfig config) {
        this.rate = config.shareRate();
        this.least = Math.max(LEAST, config.freshShare());
        this.share = Math.max(FIRST, least);
    }

    double share() {
        return share;
    }

    /** Takes the losses of the step that follows the last one taken. */
    void trained(StepLosses losses) {
        waiting.add(losses);
    }

    /** From now on the losses up to that step count. */
    void begin(long lastStep) {
        while (!waiting.isEmpty() && waiting.element().step() <= lastStep) {
            waiting.remove().gap().ifPresent(this::learn);
        }
    }

    private void learn(StepLosses.Gap gap) {
        variance = variance == 0 ? gap.variance() : variance + FORGETTING * (gap.variance() - variance);
        double deviation = Math.sqrt(variance);
        double moved = deviation == 0 ? 0 : rate * StrictMath.tanh(gap.difference() / deviation);
        share = Math.min(ReplayConfig.MOST_FRESH, Math.max(least, share + moved));
    }

    FreshShareContent content() {
        return new FreshShareContent(share, variance, List.copyOf(waiting));
    }

    void restore(FreshShareContent content) {
        share = content.share();
        variance = content.variance();
        waiting.clear();
        waiting.addAll(content.waiting());
    }
}

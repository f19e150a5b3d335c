package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.KeyStore;
import org.millrace.trainer.optimiser.MovingAverage;

/**
 * What is learnt from two views of the same images. One step is: momentum → keys → queries → loss → backward, leaving the gradient in
 * {@link Twins#query()}; then, after the optimiser, {@link #enqueue}. Not thread safe; the owner closes it.
 */
public sealed interface Objective extends AutoCloseable permits MocoV2, Byol {
    /** The objective that the configuration names. */
    static Objective create(MillraceConfig config, Torch torch, KeyStore keys) {
        return switch (config.trainer().objective()) {
            case MOCO_V2 -> new MocoV2(config, torch, keys);
            case BYOL -> new Byol(config, torch);
        };
    }

    Twins twins();

    MovingAverage movingAverage();

    /**
     * Computes the loss and its gradient.
     *
     * @param first N×C×H×W, the query's views
     * @param second N×C×H×W, the key's views
     * @param scope owner of everything the step makes
     */
    Outcome backward(NDArray first, NDArray second, NDManager scope, StageClock clock);

    /** Puts the step's keys into the dictionary, where the objective has one. */
    void enqueue(Outcome outcome, long step, List<ImageOffset> images);

    /** Takes the dictionary back to a checkpoint's sequence number. */
    void restore(long keySequence);

    /** Keys appended so far; 0 without a dictionary. */
    long keySequence();

    /** Keys in the dictionary now; 0 without one. */
    long keysFilled();

    @Override
    void close();

    /**
     * What a step learnt.
     *
     * @param accuracy share of queries nearer to their own key than to any negative; NaN where there are no negatives
     * @param keys N×C unit rows to enqueue, where the objective has a dictionary
     */
    record Outcome(double loss, double accuracy, Optional<NDArray> keys) {}
}

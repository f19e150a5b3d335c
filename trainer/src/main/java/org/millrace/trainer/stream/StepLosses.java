package org.millrace.trainer.stream;

import java.util.Optional;

/**
 * How the losses of a step's fresh images compare with those of its long-term ones.
 *
 * @param gap empty where the batch has only one kind
 */
public record StepLosses(long step, Optional<Gap> gap) {
    /**
     * Both in the unit of the losses, of which only the ratio is used.
     *
     * @param difference mean over the fresh images less mean over the long-term ones
     * @param variance of an image's loss around the mean of its own kind
     */
    public record Gap(double difference, double variance) {}

    /**
     * Of a batch, summed in its order.
     *
     * @param losses of the images, in batch order
     * @param fresh how many of them, the first ones, are new or short-term
     */
    static StepLosses of(long step, float[] losses, int fresh) {
        if (fresh == 0 || fresh >= losses.length) {
            return new StepLosses(step, Optional.empty());
        }
        double freshMean = mean(losses, 0, fresh);
        double longTermMean = mean(losses, fresh, losses.length);
        double squares = squares(losses, 0, fresh, freshMean) + squares(losses, fresh, losses.length, longTermMean);
        return new StepLosses(step, Optional.of(new Gap(freshMean - longTermMean, squares / losses.length)));
    }

    private static double mean(float[] losses, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += losses[i];
        }
        return sum / (to - from);
    }

    private static double squares(float[] losses, int from, int to, double mean) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += (losses[i] - mean) * (losses[i] - mean);
        }
        return sum;
    }
}

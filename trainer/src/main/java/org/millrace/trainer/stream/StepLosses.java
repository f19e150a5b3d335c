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

    /**
     * How each image's loss stands in its batch: less the batch's mean, in standard deviations of the batch; 0 where all are equal. Losses of
     * different steps are compared so, since their level moves with the encoder and the dictionary.
     *
     * @param losses of the images, in batch order
     */
    static float[] standings(float[] losses) {
        double mean = mean(losses, 0, losses.length);
        double deviation = Math.sqrt(squares(losses, 0, losses.length, mean) / losses.length);
        float[] standings = new float[losses.length];
        for (int i = 0; i < losses.length; i++) {
            standings[i] = deviation == 0 ? 0 : (float) ((losses[i] - mean) / deviation);
        }
        return standings;
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

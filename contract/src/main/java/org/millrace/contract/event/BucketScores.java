package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.List;
import java.util.OptionalDouble;

/**
 * Accuracies on the held-out labelled images of each bucket of the stream, of the one probe that was fitted on the images of all
 * buckets: the encoder never sees which bucket an image is from.
 *
 * @param by what the labelled images are cut by, {@code evaluator.bucket-by}
 * @param streamImages images of the stream that are trained in one bucket
 * @param scores in the order of the stream
 */
public record BucketScores(String by, long streamImages, List<Score> scores) {
    /** Held-out images that a bucket must have for an answer: with 30, half of them right is known to about ±9 points. */
    public static final int LEAST_IMAGES = 30;

    public BucketScores {
        check(streamImages >= 1, "streamImages must be at least 1, but was %d", streamImages);
        scores = List.copyOf(scores);
    }

    /**
     * One bucket.
     *
     * @param name what it holds; two evaluations are comparable in a bucket of one name
     * @param images held-out images of it
     * @param linear share that the linear probe puts into the right class; absent for fewer than {@link #LEAST_IMAGES} images
     * @param neighbours the same of the nearest neighbours
     */
    public record Score(String name, int images, OptionalDouble linear, OptionalDouble neighbours) {
        public Score {
            check(images >= 0, "images must not be negative, but were %d", images);
            for (double share : new double[] {linear.orElse(0), neighbours.orElse(0)}) {
                check(share >= 0 && share <= 1, "accuracy must be in [0, 1], but was %s", share);
            }
        }
    }
}

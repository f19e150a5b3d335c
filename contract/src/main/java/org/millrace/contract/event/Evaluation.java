package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.Optional;

/**
 * Scores of one published encoder on the labelled probe set. Accuracies are shares in [0, 1] of the held-out half.
 *
 * @param version of the encoder
 * @param trainImages labelled images that the probes were fitted on
 * @param testImages held-out images that they were scored on
 * @param evaluatedAtMillis Unix time
 * @param health what the held-out features tell without their labels; absent in records of older writers
 * @param modelDrift against earlier encoders; absent for the first one, and in records of older writers
 * @param standing whether it may be taken as the newest; absent in records of older writers, and then it may
 * @param buckets scores on each bucket of the stream; absent where {@code evaluator.buckets} is 0, and in records of older writers
 */
public record Evaluation(
        int schema,
        String run,
        long version,
        long step,
        long imagesTrained,
        int classes,
        int trainImages,
        int testImages,
        LinearScore linear,
        NeighbourScore neighbours,
        double seconds,
        long evaluatedAtMillis,
        Optional<Health> health,
        Optional<ModelDrift> modelDrift,
        Optional<Standing> standing,
        Optional<BucketScores> buckets)
        implements EvaluationEvent {
    public static final int SCHEMA = 1;

    public Evaluation { // an event of a type that this release does not know is read as one without scores
        check(linear != null && neighbours != null, "an evaluation of encoder %d must have scores", version);
    }

    /**
     * L2-regularised multinomial logistic regression on standardised features.
     *
     * @param l2 λ of ½λ‖W‖², chosen on the training half
     * @param converged whether the gradient's norm fell under the solver's tolerance
     */
    public record LinearScore(double accuracy, double l2, int iterations, boolean converged) {}

    /** Weighted nearest neighbours: votes exp(cosine / temperature) of the k nearest. */
    public record NeighbourScore(double accuracy, int k, double temperature) {}
}

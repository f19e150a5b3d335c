package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Scores of one published encoder on the labelled probe set. Accuracies are shares in [0, 1] of the held-out half. A version may be scored
 * again, on more images: the newest scores count, and of the standing the first.
 *
 * @param version of the encoder
 * @param trainImages labelled images that the probes were fitted on
 * @param testImages held-out images that they were scored on
 * @param evaluatedAtMillis Unix time
 * @param health measures of the held-out features without their labels; absent in records of older writers
 * @param modelDrift against earlier encoders; absent for the first one, and in records of older writers
 * @param standing whether it may be taken as the newest; absent in records of older writers, and then it may
 * @param oldDomain scores on the domain that the run came from; absent without {@code guard.old-probe}, and in records of older writers
 * @param spaces what indexes of earlier encoders are worth to its queries; absent where none was measured, and in records of older writers
 * @param buckets scores on each bucket of the stream; absent where {@code evaluator.buckets} is 0, and in records of older writers
 * @param answers image by image; absent in records of older writers
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
        @JsonInclude(Include.NON_ABSENT) Optional<OldDomain> oldDomain,
        Optional<BucketScores> buckets,
        Optional<List<SpaceScores>> spaces,
        Optional<ProbeAnswers> answers)
        implements EvaluationEvent {
    public static final int SCHEMA = 1;

    private static final double COMPARABLE = 0.1;

    public Evaluation { // an event of a type that this release does not know is read as one without scores
        check(version >= 0, "version must not be negative, but was %d", version);
        check(linear != null && neighbours != null, "an evaluation of encoder %d must have scores", version);
        check(
                step >= 0 && imagesTrained >= 0,
                "step and imagesTrained must not be negative: %d, %d",
                step,
                imagesTrained);
        check(
                classes >= 1 && trainImages >= 1 && testImages >= 1,
                "classes, trainImages and testImages must be at least 1, but were %d, %d and %d",
                classes,
                trainImages,
                testImages);
        check(Double.isFinite(seconds), "seconds must be finite, but were %s", seconds);
        spaces = spaces.map(List::copyOf);
        check(
                answers.stream()
                        .allMatch(known -> known.linearHits().length() <= testImages
                                && known.neighbourHits().length() <= testImages),
                "answers must be of at most testImages (%d) images",
                testImages);
    }

    /**
     * L2-regularised multinomial logistic regression on standardised features.
     *
     * @param l2 λ of ½λ‖W‖², chosen on the training half
     * @param converged whether the gradient's norm fell under the solver's tolerance
     * @param interval of the accuracy; absent in records of older writers
     * @param besideUntrained the accuracy beside the untrained encoder's newest one; absent for that one, where it has none, and in records
     *     of older writers
     */
    public record LinearScore(
            double accuracy,
            double l2,
            int iterations,
            boolean converged,
            Optional<Interval> interval,
            Optional<Comparison> besideUntrained) {
        public LinearScore {
            checkShare(accuracy);
            check(l2 >= 0 && iterations >= 0, "l2 and iterations must not be negative: %s, %d", l2, iterations);
        }

        private LinearScore with(Comparison comparison) {
            return new LinearScore(accuracy, l2, iterations, converged, interval, Optional.of(comparison));
        }
    }

    /**
     * Weighted nearest neighbours: votes exp(cosine / temperature) of the k nearest.
     *
     * @param interval of the accuracy; absent in records of older writers
     * @param besideUntrained the accuracy beside the untrained encoder's newest one; absent likewise
     */
    public record NeighbourScore(
            double accuracy,
            int k,
            double temperature,
            Optional<Interval> interval,
            Optional<Comparison> besideUntrained) {
        public NeighbourScore {
            checkShare(accuracy);
            check(k >= 1 && temperature > 0, "k must be at least 1 and temperature positive: %d, %s", k, temperature);
        }

        private NeighbourScore with(Comparison comparison) {
            return new NeighbourScore(accuracy, k, temperature, interval, Optional.of(comparison));
        }
    }

    /**
     * Whether scores on so many held-out images may be compared with these: the numbers differ by a tenth of the larger at most. The probe
     * set grows while encoders are scored, and a small set and a large one are not the same test.
     */
    public boolean isComparable(int heldOut) {
        return Math.abs(testImages - heldOut) <= COMPARABLE * Math.max(testImages, heldOut);
    }

    /** The same scores, compared with the untrained encoder's. */
    public Evaluation beside(Evaluation untrained) {
        int others = untrained.testImages;
        return with(
                linear.with(Comparison.of(linear.accuracy, testImages, untrained.linear.accuracy, others)),
                neighbours.with(Comparison.of(neighbours.accuracy, testImages, untrained.neighbours.accuracy, others)),
                modelDrift,
                standing,
                spaces);
    }

    /** The same scores with the standing of an earlier evaluation of the version, which stands, and what that was judged by. */
    public Evaluation standingAs(Evaluation earlier) {
        return with(linear, neighbours, earlier.modelDrift, earlier.standing, earlier.spaces);
    }

    /** The same scores with one more space, in place of earlier scores in it. */
    public Evaluation withSpace(SpaceScores scores) {
        List<SpaceScores> all = new ArrayList<>(spaces.orElse(List.of()));
        all.removeIf(other -> other.space() == scores.space());
        all.add(scores);
        return with(linear, neighbours, modelDrift, standing, Optional.of(all));
    }

    /** What an index of that version's embeddings is worth to this encoder's queries, where it was measured. */
    public Optional<SpaceScores> scoresIn(long space) {
        return spaces.orElse(List.of()).stream()
                .filter(scores -> scores.space() == space)
                .findFirst();
    }

    private Evaluation with(
            LinearScore linearNow,
            NeighbourScore neighboursNow,
            Optional<ModelDrift> modelDriftNow,
            Optional<Standing> standingNow,
            Optional<List<SpaceScores>> spacesNow) {
        return new Evaluation(
                schema,
                run,
                version,
                step,
                imagesTrained,
                classes,
                trainImages,
                testImages,
                linearNow,
                neighboursNow,
                seconds,
                evaluatedAtMillis,
                health,
                modelDriftNow,
                standingNow,
                oldDomain,
                buckets,
                spacesNow,
                answers);
    }

    private static void checkShare(double accuracy) {
        check(accuracy >= 0 && accuracy <= 1, "accuracy must be in [0, 1], but was %s", accuracy);
    }
}

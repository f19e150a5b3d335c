package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What an index of an earlier encoder's embeddings is worth to the queries of another encoder, measured on anchor images that no adapter was
 * fitted to or chosen by. A recall is the share of an image's k nearest anchors by cosine that the index returns, in [0, 1].
 *
 * @param space version of the encoder that made the index
 * @param anchors all of them: the index
 * @param heldOut of them, the queries
 * @param neighbours k
 * @param raw recall of the old encoder's own neighbours where queries stay unmapped; absent where the two differ in width
 * @param reembedded share of the old encoder's own neighbours that an index of the new encoder's embeddings returns: 1 − the churn
 * @param adapter the published one; absent where there is none
 * @param refused why there is none
 */
public record SpaceScores(
        long space,
        int anchors,
        int heldOut,
        int neighbours,
        OptionalDouble raw,
        double reembedded,
        Optional<Adapter> adapter,
        Optional<String> refused) {
    public SpaceScores {
        check(space >= 0, "space must not be negative, but was %d", space);
        check(heldOut >= 1 && heldOut <= anchors, "heldOut must be in [1, anchors (%d)], but was %d", anchors, heldOut);
        check(neighbours >= 1, "neighbours must be at least 1, but was %d", neighbours);
        checkShare("raw", raw.orElse(0));
        checkShare("reembedded", reembedded);
        check(adapter.isPresent() != refused.isPresent(), "either there is an adapter to %d, or a reason", space);
    }

    /** How an adapter was fitted. */
    public enum Kind {
        /** Not at all: the two encoders are so alike that their features are comparable as they are. */
        IDENTITY,
        /** Rotation or reflection and one scale, with means (orthogonal Procrustes). */
        SIMILARITY,
        /** Ridge regression, with means. */
        RIDGE,
        /** Ridge regression that shrinks towards the similarity. */
        SIMILARITY_RIDGE
    }

    /**
     * An affine map from the new encoder's features to the space.
     *
     * @param inputs D, features of the new encoder
     * @param fitted anchors that it was fitted to
     * @param ridge λ, in mean eigenvalues of the scatter; absent where there is none
     * @param recall of the old encoder's own neighbours, by mapped queries
     * @param recallOfNew of the new encoder's own neighbours, by mapped queries in the old index; embedding all images again gives 1
     * @param cosine mean of a mapped query and the old encoder's own vector
     * @param relativeError mean squared distance of the two, over the variance of the old encoder's vectors; 1 is what their mean achieves
     */
    public record Adapter(
            Kind kind,
            int inputs,
            int fitted,
            OptionalDouble ridge,
            double recall,
            double recallOfNew,
            double cosine,
            double relativeError) {
        public Adapter {
            check(inputs >= 1 && fitted >= 1, "an adapter of %d features was fitted to %d anchors", inputs, fitted);
            checkShare("recall", recall);
            checkShare("recallOfNew", recallOfNew);
            check(
                    Math.abs(cosine) <= 1 + 1e-6 && relativeError >= 0 && Double.isFinite(relativeError),
                    "cosine must be in [-1, 1] and relativeError not negative, but were %s and %s",
                    cosine,
                    relativeError);
        }

        /** Whether it was fitted to so few anchors that it hardly determines a map: fewer than two for each of the D features. */
        public boolean isWeak() {
            return fitted < 2 * inputs;
        }
    }

    private static void checkShare(String name, double share) {
        check(share >= 0 && share <= 1, "%s must be in [0, 1], but was %s", name, share);
    }
}

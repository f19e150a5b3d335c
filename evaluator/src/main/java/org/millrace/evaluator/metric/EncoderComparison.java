package org.millrace.evaluator.metric;

import java.util.OptionalDouble;
import org.millrace.numerics.FeatureMatrix;

/**
 * How alike two encoders' features of the same images are, up to a rotation and a scale of all features.
 *
 * @param cka debiased linear CKA; absent where one of the two does not vary
 * @param procrustes distance after the best rotation, of centred features of norm 1, in [0, 2]; absent likewise
 * @param churn share of each image's k nearest images, by cosine, that are new in the second
 */
public record EncoderComparison(OptionalDouble cka, OptionalDouble procrustes, double churn) {
    /**
     * @param old N×D, an image a row
     * @param fresh N×D′ of the same images
     * @param k neighbours, fewer than N
     */
    public static EncoderComparison of(FeatureMatrix old, FeatureMatrix fresh, int k) {
        OptionalDouble procrustes =
                old.columns() == fresh.columns() ? Procrustes.of(old, fresh).distance() : OptionalDouble.empty();
        return new EncoderComparison(
                LinearCka.debiased(old, fresh),
                procrustes,
                NeighbourOverlap.of(
                                NeighbourLists.of(old, k, Similarity.COSINE),
                                NeighbourLists.of(fresh, k, Similarity.COSINE))
                        .churn());
    }
}

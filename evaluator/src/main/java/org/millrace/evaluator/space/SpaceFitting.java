package org.millrace.evaluator.space;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.millrace.contract.event.SpaceScores;
import org.millrace.contract.event.SpaceScores.Adapter;
import org.millrace.contract.event.SpaceScores.Kind;
import org.millrace.numerics.AffineMap;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.PairedFeatures;
import org.millrace.numerics.Rows;

/**
 * Fits an adapter from one encoder's features to the space of another (Drift-Adapter: Vejendla 2025): identity, similarity, ridge regression and both
 * together, of which the one with the best recall on anchors that it was not fitted to is taken; then fitted again to those too, and measured
 * on anchors that had no part in it. Deterministic.
 */
public final class SpaceFitting {
    /** Of fewer no adapter is fitted: ten of them would be held out. */
    public static final int LEAST_ANCHORS = 50;

    /** λ in mean eigenvalues of the scatter, from strong to weak: of equally good ones the strongest is taken. */
    private static final double[] RIDGES = {1, 1e-1, 1e-2, 1e-3, 1e-4};

    private SpaceFitting() {}

    /** @param ridge 0 where there is none */
    private record Candidate(Kind kind, double ridge) {
        AffineMap fit(PairedFeatures paired) {
            return switch (kind) {
                case IDENTITY -> AffineMap.identity(paired.inputs());
                case SIMILARITY -> paired.similarity();
                case RIDGE -> paired.ridge(ridge);
                case SIMILARITY_RIDGE -> paired.ridgeAroundSimilarity(ridge);
            };
        }
    }

    /**
     * Fits and measures.
     *
     * @param space version that {@code to} are features by
     * @param from N×D of the anchors by the encoder whose queries are to be mapped, finite
     * @param to N×D′ of the same anchors by the encoder that made the index, finite
     * @param k neighbours, fewer than N
     */
    public static SpaceFit fit(long space, FeatureMatrix from, FeatureMatrix to, int k) {
        AnchorSplit split = AnchorSplit.of(from.rows());
        int[] heldOut = split.heldOut().length == 0 ? split.seen() : split.heldOut();
        IndexRecall truth = IndexRecall.of(to, heldOut, to.select(heldOut), k);
        IndexRecall fresh = IndexRecall.of(from, heldOut, from.select(heldOut), k);
        OptionalDouble raw = from.columns() == to.columns()
                ? OptionalDouble.of(
                        IndexRecall.of(to, heldOut, from.select(heldOut), k).of(truth))
                : OptionalDouble.empty();
        Unadapted measured = new Unadapted(space, from.rows(), heldOut.length, k, raw, fresh.of(truth));
        if (from.rows() < LEAST_ANCHORS) {
            return measured.refused("there are " + from.rows() + " anchor images, and at least " + LEAST_ANCHORS
                    + " are needed (evaluator.anchors, and labelled images for them)");
        }
        try {
            Candidate best = choose(split, from, to, k);
            AffineMap map = best.fit(PairedFeatures.of(from.select(split.seen()), to.select(split.seen())));
            FeatureMatrix mapped = map.apply(from.select(heldOut));
            if (!map.isFinite() || !mapped.isFinite()) {
                return measured.refused("the fit is not finite");
            }
            IndexRecall adapted = IndexRecall.of(to, heldOut, mapped, k);
            FeatureMatrix own = to.select(heldOut);
            return new SpaceFit(
                    measured.scores(
                            Optional.of(new Adapter(
                                    best.kind(),
                                    from.columns(),
                                    split.seen().length,
                                    best.ridge() == 0 ? OptionalDouble.empty() : OptionalDouble.of(best.ridge()),
                                    adapted.of(truth),
                                    adapted.of(fresh),
                                    cosine(mapped, own),
                                    relativeError(mapped, own))),
                            Optional.empty()),
                    Optional.of(map));
        } catch (IllegalArgumentException | IllegalStateException e) { // constant features, or no convergence
            return measured.refused("it cannot be fitted: " + e.getMessage());
        }
    }

    /** What can be measured without an adapter. */
    private record Unadapted(long space, int anchors, int heldOut, int k, OptionalDouble raw, double reembedded) {
        SpaceScores scores(Optional<Adapter> adapter, Optional<String> refused) {
            return new SpaceScores(space, anchors, heldOut, k, raw, reembedded, adapter, refused);
        }

        SpaceFit refused(String why) {
            return new SpaceFit(scores(Optional.empty(), Optional.of(why)), Optional.empty());
        }
    }

    private static Candidate choose(AnchorSplit split, FeatureMatrix from, FeatureMatrix to, int k) {
        PairedFeatures paired = PairedFeatures.of(from.select(split.fitted()), to.select(split.fitted()));
        FeatureMatrix queries = from.select(split.chosenBy());
        FeatureMatrix own = to.select(split.chosenBy());
        IndexRecall truth = IndexRecall.of(to, split.chosenBy(), own, k);
        Optional<Candidate> best = Optional.empty();
        double bestRecall = -1;
        double bestError = Double.POSITIVE_INFINITY;
        for (Candidate candidate : candidates(from.columns() == to.columns())) {
            FeatureMatrix mapped = candidate.fit(paired).apply(queries);
            if (!mapped.isFinite()) {
                continue;
            }
            double recall = IndexRecall.of(to, split.chosenBy(), mapped, k).of(truth);
            double error = relativeError(mapped, own);
            if (recall > bestRecall || (recall == bestRecall && error < bestError)) {
                best = Optional.of(candidate);
                bestRecall = recall;
                bestError = error;
            }
        }
        return best.orElseThrow(() -> new IllegalStateException("no fit is finite"));
    }

    private static List<Candidate> candidates(boolean equallyWide) {
        List<Candidate> candidates = new ArrayList<>();
        if (equallyWide) {
            candidates.add(new Candidate(Kind.IDENTITY, 0));
            candidates.add(new Candidate(Kind.SIMILARITY, 0));
        }
        for (double ridge : RIDGES) {
            if (equallyWide) {
                candidates.add(new Candidate(Kind.SIMILARITY_RIDGE, ridge));
            }
            candidates.add(new Candidate(Kind.RIDGE, ridge));
        }
        return candidates;
    }

    /** Mean cosine of the rows, pair by pair. */
    static double cosine(FeatureMatrix mapped, FeatureMatrix own) {
        FeatureMatrix a = Rows.unit(mapped);
        FeatureMatrix b = Rows.unit(own);
        double sum = 0;
        for (int row = 0; row < a.rows(); row++) {
            sum += Rows.dot(a, row, b, row);
        }
        return sum / a.rows();
    }

    /** Σ‖mapped − own‖² / Σ‖own − their mean‖²; throws {@link IllegalArgumentException} where they do not vary. */
    static double relativeError(FeatureMatrix mapped, FeatureMatrix own) {
        int columns = own.columns();
        double[] mean = new double[columns];
        for (int i = 0; i < own.values().length; i++) {
            mean[i % columns] += own.values()[i] / own.rows();
        }
        double error = 0;
        double variance = 0;
        for (int i = 0; i < own.values().length; i++) {
            error += square(mapped.values()[i] - own.values()[i]);
            variance += square(own.values()[i] - mean[i % columns]);
        }
        if (variance == 0) {
            throw new IllegalArgumentException("the held-out features are all the same in the index's space");
        }
        return error / variance;
    }

    private static double square(double value) {
        return value * value;
    }
}

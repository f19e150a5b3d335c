package org.millrace.evaluator.score;

import static org.millrace.contract.Check.check;

import java.util.Arrays;
import java.util.BitSet;
import org.millrace.numerics.FeatureMatrix;

/** Feature vectors with the class of each, 0 to C−1. Immutable by convention, safe for many readers. */
public final class LabelledFeatures {
    private final FeatureMatrix features;
    private final int[] labels;

    /** @param labels one for each row; not copied */
    public LabelledFeatures(FeatureMatrix features, int[] labels) {
        check(
                features.rows() == labels.length,
                "features and labels must be equally many, but were %d and %d",
                features.rows(),
                labels.length);
        this.features = features;
        this.labels = labels;
    }

    public FeatureMatrix features() {
        return features;
    }

    /** The array itself: read it, do not write to it. */
    public int[] labels() {
        return labels;
    }

    public int size() {
        return labels.length;
    }

    /** The chosen rows in that order, copied. */
    public LabelledFeatures select(int[] chosen) {
        return new LabelledFeatures(
                features.select(chosen),
                Arrays.stream(chosen).map(row -> labels[row]).toArray());
    }

    /**
     * How many nearest neighbours vote: the configured number, but no more than a class has rows on average. With more, most votes
     * come from other classes however good the features are, and with all rows the vote is little more than the classes' sizes.
     */
    public int voters(int asked, int classes) {
        return Math.max(1, Math.min(asked, size() / classes));
    }

    /** The rows whose prediction is their label. */
    BitSet hits(int[] predictions) {
        BitSet hits = new BitSet(labels.length);
        for (int i = 0; i < labels.length; i++) {
            hits.set(i, predictions[i] == labels[i]);
        }
        return hits;
    }

    /** Share of the rows that are hits, in [0, 1]. */
    double accuracy(BitSet hits) {
        return (double) hits.cardinality() / labels.length;
    }
}

package org.millrace.evaluator.score;

import static org.millrace.contract.Check.check;

import java.util.BitSet;

/** A probe's score of each class for each row, N×C. Immutable by convention, safe for many readers. */
public final class ClassScores {
    private final int classes;
    private final double[] values;

    /** @param values row-major, higher is likelier; not copied */
    public ClassScores(int classes, double[] values) {
        check(
                classes >= 1 && values.length % classes == 0,
                "%d scores cannot be those of %d classes",
                values.length,
                classes);
        this.classes = classes;
        this.values = values;
    }

    public int classes() {
        return classes;
    }

    /**
     * Share of the rows whose label is among the k best classes, in [0, 1]. Of equal scores the class that comes first is better; a
     * label whose score is not a number is a miss.
     */
    public double accuracy(LabelledFeatures examples, int k) {
        return accuracy(examples.labels(), k);
    }

    /** The same for labels alone. */
    public double accuracy(int[] labels, int k) {
        return (double) hits(labels, k).cardinality() / labels.length;
    }

    /** The rows whose label is among the k best classes. */
    BitSet hits(int[] labels, int k) {
        check(
                (long) labels.length * classes == values.length,
                "%d labels do not fit %d rows of scores",
                labels.length,
                values.length / classes);
        BitSet hits = new BitSet(labels.length);
        for (int row = 0; row < labels.length; row++) {
            hits.set(row, better(row * classes, labels[row]) < k);
        }
        return hits;
    }

    /** How many classes stand before the label in its row. */
    private int better(int from, int label) {
        double own = values[from + label];
        int better = 0;
        for (int c = 0; c < classes; c++) {
            double other = values[from + c];
            boolean behind = other < own || (other == own && c >= label);
            better += behind ? 0 : 1; // NaN is behind nothing
        }
        return better;
    }
}

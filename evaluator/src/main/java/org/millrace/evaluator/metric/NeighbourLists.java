package org.millrace.evaluator.metric;

import static org.millrace.contract.Check.check;

import org.millrace.evaluator.score.NearestHeap;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Samples;

/** The k nearest other rows of each row, nearest first; of equally near ones the first. Takes N²D steps. */
final class NeighbourLists {
    private final int k;
    private final int[] indices; // N×k

    private NeighbourLists(int k, int[] indices) {
        this.k = k;
        this.indices = indices;
    }

    static NeighbourLists of(FeatureMatrix features, int k, Similarity similarity) {
        Samples.require(features, 2, "neighbour lists");
        int rows = features.rows();
        check(k >= 1 && k < rows, "k must be in [1, rows − 1 (%d)], but was %d", rows - 1, k);
        FeatureMatrix prepared = similarity.prepare(features);
        int[] indices = new int[Math.multiplyExact(rows, k)];
        double[] similarities = new double[indices.length];
        NearestHeap heap = new NearestHeap(k);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < rows; j++) {
                if (j != i) {
                    heap.offer(j, similarity.of(prepared, i, j));
                }
            }
            heap.drain(indices, similarities, i * k);
        }
        return new NeighbourLists(k, indices);
    }

    int k() {
        return k;
    }

    int rows() {
        return indices.length / k;
    }

    /** All lists, N×k: read it, do not write to it. */
    int[] indices() {
        return indices;
    }
}

package org.millrace.evaluator.space;

import static org.millrace.contract.Check.check;

import java.util.Arrays;
import org.millrace.evaluator.score.NearestHeap;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Rows;

/**
 * The k nearest rows of an index for some of the images in it, by cosine, each image itself left out; nearest first, of equally near
 * ones the first. Immutable.
 */
final class IndexRecall {
    private final int k;
    private final int[] lists; // Q×k

    private IndexRecall(int k, int[] lists) {
        this.k = k;
        this.lists = lists;
    }

    /**
     * @param index N×D of all images
     * @param images Q rows of the index, which the queries are of
     * @param queries Q×D, in the index's space
     * @param k fewer than N
     */
    static IndexRecall of(FeatureMatrix index, int[] images, FeatureMatrix queries, int k) {
        check(k < index.rows(), "k must be less than the index's rows (%d), but was %d", index.rows(), k);
        FeatureMatrix rows = Rows.unit(index);
        FeatureMatrix unit = Rows.unit(queries);
        int[] lists = new int[images.length * k];
        double[] similarities = new double[lists.length];
        NearestHeap heap = new NearestHeap(k);
        for (int query = 0; query < images.length; query++) {
            for (int row = 0; row < rows.rows(); row++) {
                if (row != images[query]) {
                    heap.offer(row, Rows.dot(unit, query, rows, row));
                }
            }
            heap.drain(lists, similarities, query * k);
        }
        return new IndexRecall(k, lists);
    }

    /** Share of the true neighbours that these lists have, in [0, 1]. */
    double of(IndexRecall truth) {
        check(truth.lists.length == lists.length && truth.k == k, "lists must be of the same queries and k");
        int hits = 0;
        for (int from = 0; from < lists.length; from += k) {
            int[] wanted = Arrays.copyOfRange(truth.lists, from, from + k);
            Arrays.sort(wanted);
            for (int i = from; i < from + k; i++) {
                hits += Arrays.binarySearch(wanted, lists[i]) >= 0 ? 1 : 0;
            }
        }
        return (double) hits / lists.length;
    }
}

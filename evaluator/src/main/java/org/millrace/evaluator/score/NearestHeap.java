package org.millrace.evaluator.score;

/**
 * The k most similar rows offered so far, the worst on top. Rows come in rising order; of equally similar ones the first offered
 * is the better. Not thread safe.
 */
public final class NearestHeap {
    private final int[] rows;
    private final double[] similarities;
    private int size;

    public NearestHeap(int k) {
        this.rows = new int[k];
        this.similarities = new double[k];
    }

    public void offer(int row, double similarity) {
        if (size == rows.length) {
            if (similarity <= similarities[0]) {
                return;
            }
            sink(row, similarity);
        } else {
            rise(row, similarity);
        }
    }

    /** Writes the rows and similarities, best first, from {@code at} on, and empties the heap. */
    public void drain(int[] rowsOut, double[] similaritiesOut, int at) {
        for (int i = at + size - 1; size > 0; i--) {
            rowsOut[i] = rows[0];
            similaritiesOut[i] = similarities[0];
            size--;
            sink(rows[size], similarities[size]);
        }
    }

    private void rise(int row, double similarity) {
        int hole = size++;
        while (hole > 0) {
            int parent = (hole - 1) / 2;
            if (!worse(row, similarity, parent)) {
                break;
            }
            move(parent, hole);
            hole = parent;
        }
        rows[hole] = row;
        similarities[hole] = similarity;
    }

    /** Puts an element in the place of the top. */
    private void sink(int row, double similarity) {
        int hole = 0;
        for (int child = 1; child < size; child = 2 * hole + 1) {
            if (child + 1 < size && worse(rows[child + 1], similarities[child + 1], child)) {
                child++;
            }
            if (worse(row, similarity, child)) {
                break;
            }
            move(child, hole);
            hole = child;
        }
        rows[hole] = row;
        similarities[hole] = similarity;
    }

    private boolean worse(int row, double similarity, int than) {
        return similarity < similarities[than] || (similarity == similarities[than] && row > rows[than]);
    }

    private void move(int from, int to) {
        rows[to] = rows[from];
        similarities[to] = similarities[from];
    }
}

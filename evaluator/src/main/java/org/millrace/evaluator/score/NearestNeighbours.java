package org.millrace.evaluator.score;

import static org.millrace.contract.Check.check;

import org.millrace.numerics.FeatureMatrix;

/** The k rows of a bank that point the same way as a query: cosine similarity, all pairs. Safe for many readers. */
public final class NearestNeighbours {
    private static final int QUERIES_PER_BLOCK = 32;
    private static final double SMALLEST_NORM = 1e-12;

    private final int bankRows;
    private final int columns;
    private final double[] bank; // unit rows
    private final int k;
    private final Workers workers;

    /** @param k neighbours of a query; more than the bank has rows are clamped to all of them */
    public NearestNeighbours(FeatureMatrix bank, int k, Workers workers) {
        check(bank.rows() >= 1, "the bank of nearest neighbours must not be empty");
        check(k >= 1, "k must be at least 1, but was %d", k);
        this.bankRows = bank.rows();
        this.columns = bank.columns();
        this.bank = unitRows(bank);
        this.k = Math.min(k, bank.rows());
        this.workers = workers;
    }

    /** Neighbours that a query really gets. */
    public int k() {
        return k;
    }

    public Neighbours find(FeatureMatrix queries) {
        check(queries.columns() == columns, "queries must have %d columns, but had %d", columns, queries.columns());
        double[] unit = unitRows(queries);
        int rows = queries.rows();
        int[] indices = new int[Math.multiplyExact(rows, k)];
        double[] similarities = new double[rows * k];
        workers.forEach((rows + QUERIES_PER_BLOCK - 1) / QUERIES_PER_BLOCK, block -> {
            int from = block * QUERIES_PER_BLOCK;
            int to = Math.min(from + QUERIES_PER_BLOCK, rows);
            NearestHeap[] heaps = new NearestHeap[to - from];
            for (int i = 0; i < heaps.length; i++) {
                heaps[i] = new NearestHeap(k);
            }
            scan(unit, from, to, heaps);
            for (int i = 0; i < heaps.length; i++) {
                heaps[i].drain(indices, similarities, (from + i) * k);
            }
        });
        return new Neighbours(k, indices, similarities);
    }

    /** Offers every row of the bank to every query of the block: four queries share each load of the bank. */
    private void scan(double[] queries, int from, int to, NearestHeap[] heaps) {
        for (int row = 0; row < bankRows; row++) {
            for (int query = from; query < to; query += 4) {
                offerFour(row, queries, query, to, heaps, query - from);
            }
        }
    }

    private void offerFour(int row, double[] queries, int query, int to, NearestHeap[] heaps, int heap) {
        int b = row * columns;
        int q0 = query * columns;
        int q1 = Math.min(query + 1, to - 1) * columns;
        int q2 = Math.min(query + 2, to - 1) * columns;
        int q3 = Math.min(query + 3, to - 1) * columns;
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        double t0 = 0;
        double t1 = 0;
        double t2 = 0;
        double t3 = 0;
        int even = columns & ~1;
        for (int d = 0; d < even; d += 2) {
            double v = bank[b + d];
            double u = bank[b + d + 1];
            s0 += v * queries[q0 + d];
            s1 += v * queries[q1 + d];
            s2 += v * queries[q2 + d];
            s3 += v * queries[q3 + d];
            t0 += u * queries[q0 + d + 1];
            t1 += u * queries[q1 + d + 1];
            t2 += u * queries[q2 + d + 1];
            t3 += u * queries[q3 + d + 1];
        }
        if (even < columns) {
            double v = bank[b + even];
            s0 += v * queries[q0 + even];
            s1 += v * queries[q1 + even];
            s2 += v * queries[q2 + even];
            s3 += v * queries[q3 + even];
        }
        heaps[heap].offer(row, s0 + t0);
        if (query + 1 < to) {
            heaps[heap + 1].offer(row, s1 + t1);
        }
        if (query + 2 < to) {
            heaps[heap + 2].offer(row, s2 + t2);
        }
        if (query + 3 < to) {
            heaps[heap + 3].offer(row, s3 + t3);
        }
    }

    private static double[] unitRows(FeatureMatrix features) {
        double[] unit = features.values().clone();
        int columns = features.columns();
        for (int i = 0; i < unit.length; i += columns) {
            double squares = 0;
            for (int d = i; d < i + columns; d++) {
                squares += unit[d] * unit[d];
            }
            double norm = Math.max(Math.sqrt(squares), SMALLEST_NORM);
            for (int d = i; d < i + columns; d++) {
                unit[d] /= norm;
            }
        }
        return unit;
    }
}

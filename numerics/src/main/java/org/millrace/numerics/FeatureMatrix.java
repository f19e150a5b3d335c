package org.millrace.numerics;

import static org.millrace.contract.Check.check;

import java.util.Arrays;

/** Feature vectors as rows, N×D. The values must not change after construction; then safe for concurrent readers. */
public final class FeatureMatrix {
    private final int rows;
    private final int columns;
    private final double[] values;

    /** @param values row-major; taken over, not copied */
    public FeatureMatrix(int rows, int columns, double[] values) {
        check(columns >= 1, "a feature matrix must have at least 1 column, but had %d", columns);
        check(
                (long) rows * columns == values.length,
                "a %d×%d feature matrix must have %d values, but had %d",
                rows,
                columns,
                (long) rows * columns,
                values.length);
        this.rows = rows;
        this.columns = columns;
        this.values = values;
    }

    public int rows() {
        return rows;
    }

    public int columns() {
        return columns;
    }

    /** Whether all values are finite; those of a diverged encoder are not. */
    public boolean isFinite() {
        for (double value : values) {
            if (!Double.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    /** The array itself, row-major: read it, do not write to it. */
    public double[] values() {
        return values;
    }

    /** The first rows, copied. */
    public FeatureMatrix first(int count) {
        return new FeatureMatrix(count, columns, Arrays.copyOf(values, Math.multiplyExact(count, columns)));
    }

    /** The chosen rows in that order, copied. */
    public FeatureMatrix select(int[] chosen) {
        double[] copy = new double[Math.multiplyExact(chosen.length, columns)];
        for (int i = 0; i < chosen.length; i++) {
            System.arraycopy(values, chosen[i] * columns, copy, i * columns, columns);
        }
        return new FeatureMatrix(chosen.length, columns, copy);
    }
}

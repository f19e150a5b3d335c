package org.millrace.numerics;

import java.util.Random;

/** Random features for tests against slow references. */
public final class RandomMatrices {
    private RandomMatrices() {}

    /** Says the seed, so that a failure can be made again. */
    public static Random random(long seed) {
        System.out.println("seed " + seed);
        return new Random(seed);
    }

    public static FeatureMatrix gaussian(Random random, int rows, int columns) {
        double[] values = new double[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextGaussian();
        }
        return new FeatureMatrix(rows, columns, values);
    }

    /** Gaussian features mixed into unequal, correlated columns around a mean that is not zero. */
    public static FeatureMatrix mixed(Random random, int rows, int columns) {
        double[] plain = gaussian(random, rows, columns).values();
        double[] mix = gaussian(random, columns, columns).values();
        double[] values = new double[rows * columns];
        for (int i = 0; i < rows; i++) {
            for (int a = 0; a < columns; a++) {
                values[i * columns + a] = 1 + a;
                for (int b = 0; b < columns; b++) {
                    values[i * columns + a] += plain[i * columns + b] * mix[b * columns + a] / (1 + b);
                }
            }
        }
        return new FeatureMatrix(rows, columns, values);
    }

    /** Every row the same, of values that binary fractions cannot hold. */
    public static FeatureMatrix constant(int rows, int columns) {
        double[] values = new double[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = 0.1 + 0.7 * (i % columns);
        }
        return new FeatureMatrix(rows, columns, values);
    }

    /** The matrix with one value replaced. */
    public static FeatureMatrix with(FeatureMatrix features, int at, double value) {
        double[] values = features.values().clone();
        values[at] = value;
        return new FeatureMatrix(features.rows(), features.columns(), values);
    }
}

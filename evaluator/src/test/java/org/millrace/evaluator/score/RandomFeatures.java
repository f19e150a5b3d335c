package org.millrace.evaluator.score;

import java.util.Random;
import org.millrace.numerics.FeatureMatrix;

/** Gaussian clouds, one around a random centre for each class. */
final class RandomFeatures {
    private RandomFeatures() {}

    /** @param noise standard deviation of a cloud; the centres' coordinates have 1 */
    static LabelledFeatures blobs(Random random, int rows, int columns, int classes, double noise) {
        double[] centres = random.doubles((long) classes * columns, -1.7, 1.7).toArray();
        double[] values = new double[rows * columns];
        int[] labels = new int[rows];
        for (int row = 0; row < rows; row++) {
            labels[row] = row % classes;
            for (int d = 0; d < columns; d++) {
                values[row * columns + d] = centres[labels[row] * columns + d] + noise * random.nextGaussian();
            }
        }
        return new LabelledFeatures(new FeatureMatrix(rows, columns, values), labels);
    }
}

package org.millrace.evaluator.score;

import org.millrace.numerics.FeatureMatrix;

/** A fitted softmax layer: argmax of xWᵀ + b. Immutable by convention, safe for many readers. */
final class LinearClassifier {
    private final int classes;
    private final double[] parameters; // W as C×D row-major, then b

    LinearClassifier(int classes, double[] parameters) {
        this.classes = classes;
        this.parameters = parameters;
    }

    /** The most probable class of each row; of equal ones the first. */
    int[] predict(FeatureMatrix features) {
        double[] scores = probabilities(features);
        int[] predictions = new int[features.rows()];
        for (int row = 0; row < predictions.length; row++) {
            predictions[row] = argMax(scores, row * classes, classes);
        }
        return predictions;
    }

    /** Probabilities of the classes, N×C row-major. */
    double[] probabilities(FeatureMatrix features) {
        int columns = features.columns();
        double[] result = new double[Math.multiplyExact(features.rows(), classes)];
        double[] four = new double[4 * classes];
        for (int row = 0; row < features.rows(); row++) {
            int x = row * columns;
            logits(parameters, classes, columns, features.values(), x, x, x, x, four);
            softmax(four, 0, classes);
            System.arraycopy(four, 0, result, row * classes, classes);
        }
        return result;
    }

    /** Index of the largest of {@code count} values, counted from {@code from}; of equal ones the first. */
    static int argMax(double[] values, int from, int count) {
        int best = 0;
        for (int i = 1; i < count; i++) {
            if (values[from + i] > values[from + best]) {
                best = i;
            }
        }
        return best;
    }

    /** Softmax in place over {@code count} values; the logarithm of the sum of their exponentials. */
    static double softmax(double[] values, int from, int count) {
        double largest = values[from + argMax(values, from, count)];
        double sum = 0;
        for (int i = from; i < from + count; i++) {
            values[i] = Math.exp(values[i] - largest);
            sum += values[i];
        }
        for (int i = from; i < from + count; i++) {
            values[i] /= sum;
        }
        return largest + Math.log(sum);
    }

    /** Logits of the four rows that begin at x0 to x3, 4×C: eight sums run side by side to hide the latency of an addition. */
    static void logits(double[] w, int classes, int columns, double[] x, int x0, int x1, int x2, int x3, double[] out) {
        int even = columns & ~1;
        for (int c = 0; c < classes; c++) {
            int row = c * columns;
            double a0 = 0;
            double a1 = 0;
            double a2 = 0;
            double a3 = 0;
            double b0 = 0;
            double b1 = 0;
            double b2 = 0;
            double b3 = 0;
            for (int d = 0; d < even; d += 2) {
                double v = w[row + d];
                double u = w[row + d + 1];
                a0 += v * x[x0 + d];
                a1 += v * x[x1 + d];
                a2 += v * x[x2 + d];
                a3 += v * x[x3 + d];
                b0 += u * x[x0 + d + 1];
                b1 += u * x[x1 + d + 1];
                b2 += u * x[x2 + d + 1];
                b3 += u * x[x3 + d + 1];
            }
            if (even < columns) {
                double v = w[row + even];
                a0 += v * x[x0 + even];
                a1 += v * x[x1 + even];
                a2 += v * x[x2 + even];
                a3 += v * x[x3 + even];
            }
            double bias = w[classes * columns + c];
            out[c] = a0 + b0 + bias;
            out[classes + c] = a1 + b1 + bias;
            out[2 * classes + c] = a2 + b2 + bias;
            out[3 * classes + c] = a3 + b3 + bias;
        }
    }
}

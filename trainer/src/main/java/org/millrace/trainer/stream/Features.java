package org.millrace.trainer.stream;

import static org.millrace.contract.Check.check;

/**
 * Features of replayed images: unit vectors (Purushwalkam, Morgado, Gupta 2022, arXiv:2203.12710, §4). Of two projections of an
 * image it is f = norm(z₁ + z₂); trained on again, f ← norm((1 − γ)·f + γ·f_new).
 */
public final class Features {
    private static final double EPSILON = 1e-12;

    private Features() {}

    /** The features of a batch: norm(z₁ + z₂) by rows. first, second: N×C, raw → N×C. */
    public static float[] ofViews(float[] first, float[] second, int dimension) {
        check(
                first.length == second.length && first.length % dimension == 0,
                "two views must have N × %d numbers each, but had %d and %d",
                dimension,
                first.length,
                second.length);
        float[] features = new float[first.length];
        double[] sum = new double[dimension];
        for (int row = 0; row < first.length; row += dimension) {
            for (int i = 0; i < dimension; i++) {
                sum[i] = (double) first[row + i] + second[row + i];
            }
            putUnit(sum, features, row);
        }
        return features;
    }

    /** norm((1 − rate)·before + rate·now). */
    static float[] mixed(float[] before, float[] now, double rate) {
        double[] sum = new double[now.length];
        for (int i = 0; i < sum.length; i++) {
            sum[i] = (1 - rate) * before[i] + rate * now[i];
        }
        float[] mixed = new float[sum.length];
        putUnit(sum, mixed, 0);
        return mixed;
    }

    // x / max(‖x‖, 1e-12)
    private static void putUnit(double[] vector, float[] target, int from) {
        double square = 0;
        for (double value : vector) {
            square += value * value;
        }
        double length = Math.max(Math.sqrt(square), EPSILON);
        for (int i = 0; i < vector.length; i++) {
            target[from + i] = (float) (vector[i] / length);
        }
    }
}

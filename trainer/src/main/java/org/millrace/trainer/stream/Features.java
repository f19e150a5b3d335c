package org.millrace.trainer.stream;

/**
 * Features of replayed images: unit vectors (Purushwalkam, Morgado, Gupta 2022, arXiv:2203.12710, §4). Of two projections of an
 * image it is f = norm(z₁ + z₂); trained on again, f ← norm((1 − γ)·f + γ·f_new).
 */
final class Features {
    private static final double EPSILON = 1e-12;

    private Features() {}

    /** norm((1 − rate)·before + rate·now); before, now: C → C, of length 1. */
    static float[] mixed(float[] before, float[] now, double rate) {
        double[] sum = new double[now.length];
        for (int i = 0; i < sum.length; i++) {
            sum[i] = (1 - rate) * before[i] + rate * now[i];
        }
        return unit(sum);
    }

    // x / max(‖x‖, 1e-12)
    private static float[] unit(double[] vector) {
        double square = 0;
        for (double value : vector) {
            square += value * value;
        }
        double length = Math.max(Math.sqrt(square), EPSILON);
        float[] unit = new float[vector.length];
        for (int i = 0; i < unit.length; i++) {
            unit[i] = (float) (vector[i] / length);
        }
        return unit;
    }
}

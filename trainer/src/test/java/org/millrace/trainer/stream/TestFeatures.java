package org.millrace.trainer.stream;

/** Features of two views in plain Java: norm(z₁ + z₂) by rows, as the objectives compute them on tensors. */
final class TestFeatures {
    private static final double EPSILON = 1e-12;

    private TestFeatures() {}

    /** first, second: N×C → N×C, unit rows. */
    static float[] ofViews(float[] first, float[] second, int dimension) {
        float[] features = new float[first.length];
        for (int row = 0; row < first.length; row += dimension) {
            double square = 0;
            for (int i = row; i < row + dimension; i++) {
                double sum = (double) first[i] + second[i];
                square += sum * sum;
            }
            double length = Math.max(Math.sqrt(square), EPSILON);
            for (int i = row; i < row + dimension; i++) {
                features[i] = (float) (((double) first[i] + second[i]) / length);
            }
        }
        return features;
    }
}

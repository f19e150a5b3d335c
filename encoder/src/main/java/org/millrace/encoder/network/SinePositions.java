package org.millrace.encoder.network;

/**
 * Fixed position embeddings of MoCo v3's transformers (Chen et al. 2021, arXiv:2104.02057): of the patch in row r and column c the sines,
 * then the cosines of r·ω, then those of c·ω, with ω = 10000^(−4i/D) for i &lt; D/4. The class token's are zero.
 */
final class SinePositions {
    private static final double TEMPERATURE = 10_000;

    private SinePositions() {}

    /** Embeddings, row by row; with a class token's before them where the network embeds its position. */
    static float[] of(VisionTransformer.Specification specification) {
        int width = specification.width();
        float[] values = new float[specification.embedded() * width];
        int at = (specification.embedded() - specification.patches()) * width;
        for (int row = 0; row < specification.rows(); row++) {
            for (int column = 0; column < specification.columns(); column++) {
                waves(values, at, width, row);
                waves(values, at + width / 2, width, column);
                at += width;
            }
        }
        return values;
    }

    private static void waves(float[] values, int from, int width, int place) {
        int count = width / 4;
        for (int i = 0; i < count; i++) {
            double angle = place * Math.pow(TEMPERATURE, -(double) i / count);
            values[from + i] = (float) Math.sin(angle);
            values[from + count + i] = (float) Math.cos(angle);
        }
    }
}

package org.millrace.evaluator;

import java.util.List;

/** One frozen encoder: images to feature vectors. Used by the thread that loaded it; the caller that loaded it closes it. */
public interface Embedder extends AutoCloseable {
    /** Length D of a feature vector. */
    int dimension();

    /**
     * Feature vectors of encoded images that {@link EmbedderFactory#decodes} accepted, N×D row by row.
     * Throws {@link org.millrace.contract.UserException} where a feature is no number.
     */
    float[] embed(List<byte[]> images);

    /** The same of images that are decoded and scaled to the network's input, each C×H×W in [0, 1]. */
    float[] embedScaled(List<float[]> images);

    @Override
    void close();
}

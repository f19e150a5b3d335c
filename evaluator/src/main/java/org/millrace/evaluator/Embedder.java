package org.millrace.evaluator;

import java.util.List;

/** One frozen encoder: images to feature vectors. Used by the thread that loaded it; whoever loaded it closes it. */
public interface Embedder extends AutoCloseable {
    /** Length D of a feature vector. */
    int dimension();

    /**
     * Feature vectors of encoded images that {@link EmbedderFactory#decodes} accepted, N×D row by row.
     * Throws {@link org.millrace.contract.UserException} where a feature is no number.
     */
    float[] embed(List<byte[]> images);

    @Override
    void close();
}

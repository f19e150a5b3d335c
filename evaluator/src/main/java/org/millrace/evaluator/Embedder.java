package org.millrace.evaluator;

import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import org.millrace.numerics.FeatureMatrix;

/** One frozen encoder: images to feature vectors. Used by the thread that loaded it; the caller that loaded it closes it. */
public interface Embedder extends AutoCloseable {
    /** Length D of a feature vector. */
    int dimension();

    /**
     * Feature vectors of encoded images that {@link EmbedderFactory#decodes} accepted, N×D row by row.
     * Throws {@link org.millrace.contract.UserException} where a feature is not a number.
     */
    float[] embed(List<byte[]> images);

    /**
     * Feature vectors of any number of encoded images, N×D. Throws as {@link #embed} does.
     *
     * @param batchSize images embedded at once
     * @param goOn receives the number of images done before each batch; where it returns false, the remaining rows are zero
     */
    default FeatureMatrix features(List<byte[]> images, int batchSize, IntPredicate goOn) {
        double[] values = new double[Math.multiplyExact(images.size(), dimension())];
        for (int from = 0; from < images.size() && goOn.test(from); from += batchSize) {
            float[] batch = embed(images.subList(from, Math.min(from + batchSize, images.size())));
            for (int i = 0; i < batch.length; i++) {
                values[from * dimension() + i] = batch[i];
            }
        }
        return new FeatureMatrix(images.size(), dimension(), values);
    }

    /** The same of images that are decoded and scaled to the network's input, each C×H×W in [0, 1]. */
    float[] embedScaled(List<float[]> images);

    /**
     * How well the whole of the first of such images predicts each place of all of them, 7×7 scores for each; empty unless this is an encoder of AMDIM.
     */
    default Optional<List<float[]>> matchingMaps(List<float[]> images) {
        return Optional.empty();
    }

    @Override
    void close();
}

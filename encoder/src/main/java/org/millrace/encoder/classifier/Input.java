package org.millrace.encoder.classifier;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Optional;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.network.Backbone;

/**
 * A classifier's input: feature vectors, or images for the encoder before its head. Immutable.
 *
 * @param features length D of a feature vector
 * @param dimensions of one input
 */
@SuppressWarnings("ArrayRecordComponent")
record Input(Optional<Backbone> encoder, int features, long[] dimensions) {
    static Input features(int features) {
        return new Input(Optional.empty(), features, new long[] {features});
    }

    static Input images(EncoderConfig config) {
        Backbone encoder = Backbone.of(config);
        long[] dimensions = {config.height(), config.width(), config.channels()};
        return new Input(Optional.of(encoder), encoder.features(), dimensions);
    }

    /** Values of one input. */
    long size() {
        return new Shape(dimensions).size();
    }

    /** Shape of a batch: N×D, or N×H×W×C. */
    Shape shape(int count) {
        return new Shape(count).addAll(new Shape(dimensions));
    }

    /** The batch as the network takes it: N×D, or N×C×H×W. */
    NDArray shaped(NDArray batch) {
        return encoder.isPresent() ? batch.transpose(0, 3, 1, 2) : batch;
    }
}

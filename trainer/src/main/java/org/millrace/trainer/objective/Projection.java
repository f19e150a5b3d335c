package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.network.LearnedPart;
import org.millrace.encoder.network.MultilayerPerceptron;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;

/**
 * An encoder f with a projector g behind it.
 *
 * @param config of the encoder
 */
record Projection(EncoderConfig config, Backbone encoder, MultilayerPerceptron projector) implements Branch {
    @Override
    public void declare(WeightLayout layout) {
        encoder.declare(layout, Objective.ENCODER);
        LearnedPart.choose(config, layout, Objective.ENCODER);
        projector.declare(layout);
    }

    @Override
    public NDArray forward(NDArray views, Tensors weights, BatchNormMode mode) {
        return both(views, weights, mode).projections();
    }

    @Override
    public Rows both(NDArray views, Tensors weights, BatchNormMode mode) {
        NDArray features = encoder.forward(views, weights, Objective.ENCODER, mode);
        return new Rows(features, projector.forward(features, weights, mode));
    }
}

package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Optional;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.network.MultilayerPerceptron;
import org.millrace.encoder.network.ResNet;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

/**
 * A query network that learns and its twin, the key network, that follows: encoder f and projector g each, and for the query
 * optionally a predictor h. Both begin with the same weights. Not thread safe; the owner closes it.
 */
public final class Twins implements AutoCloseable {
    public static final String ENCODER = "encoder.";
    static final String PROJECTOR = "projector.";
    static final String PREDICTOR = "predictor.";

    private final ResNet encoder;
    private final MultilayerPerceptron projector;
    private final Optional<MultilayerPerceptron> predictor;
    private final Weights query;
    private final Weights key;

    Twins(
            Torch torch,
            EncoderConfig config,
            MultilayerPerceptron projector,
            Optional<MultilayerPerceptron> predictor,
            long seed) {
        this.encoder = new ResNet(config);
        this.projector = projector;
        this.predictor = predictor;
        WeightLayout queryLayout = new WeightLayout();
        WeightLayout keyLayout = new WeightLayout();
        for (WeightLayout layout : new WeightLayout[] {queryLayout, keyLayout}) {
            encoder.declare(layout, ENCODER);
            projector.declare(layout);
        }
        predictor.ifPresent(head -> head.declare(queryLayout));
        this.query = Weights.initialised(torch, queryLayout, seed).requireGradient();
        this.key = Weights.initialised(torch, keyLayout, seed);
    }

    public Weights query() {
        return query;
    }

    public Weights key() {
        return key;
    }

    /** Queries, not yet unit length, with the predictor where there is one. views: N×C×H×W → N×output. */
    NDArray queries(NDArray views, Tensors weights) {
        NDArray projection = projector.forward(encoder.forward(views, weights, ENCODER, true), weights, true);
        return predictor.isPresent() ? predictor.get().forward(projection, weights, true) : projection;
    }

    /**
     * Keys, unit length, without gradient; batch norm uses the batch's statistics. The activations are freed before this returns.
     * views: N×C×H×W → N×output, in {@code scope}.
     */
    NDArray keys(NDArray views, NDManager scope) {
        try (NDManager activations = scope.newSubManager()) {
            views.tempAttach(activations);
            Tensors weights = key.tensors(activations);
            NDArray features = encoder.forward(views, weights, ENCODER, true);
            NDArray keys = InfoNce.unit(projector.forward(features, weights, true));
            keys.attach(scope);
            return keys;
        }
    }

    @Override
    public void close() {
        query.close();
        key.close();
    }
}

package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;
import org.millrace.trainer.optimiser.MovingAverage;

/**
 * The slow twin: the query's encoder and projector with weights that follow the query's. It begins equal to it; its batch-norm
 * statistics are its own. The owner closes it.
 */
final class KeyNetwork implements AutoCloseable {
    private final Branch branch;
    private final KeyOrder order;
    private final Weights weights;

    KeyNetwork(Torch torch, Branch branch, KeyOrder order, long seed) {
        this.branch = branch;
        this.order = order;
        WeightLayout layout = new WeightLayout();
        branch.declare(layout);
        this.weights = Weights.initialised(torch, layout, seed);
    }

    Weights weights() {
        return weights;
    }

    /** Moves the parameters towards the query's. */
    void follow(QueryNetwork query, double momentum) {
        new MovingAverage(momentum).update(weights, query.weights());
    }

    /**
     * Keys, unit length, without gradient; batch norm uses the batch's statistics. The activations are freed before this returns.
     * views: N×C×H×W → N×output, in {@code scope}.
     */
    NDArray keys(NDArray views, long step, NDManager scope) {
        try (NDManager activations = scope.newSubManager()) {
            views.tempAttach(activations);
            Tensors tensors = weights.tensors(activations);
            NDArray keys = order.apply(views, step, rows -> branch.forward(rows, tensors, order.mode()));
            NDArray unit = InfoNce.unit(keys);
            unit.attach(scope);
            return unit;
        }
    }

    @Override
    public void close() {
        weights.close();
    }
}

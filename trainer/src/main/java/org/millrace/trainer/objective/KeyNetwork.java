package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.precision.ForwardPass;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;
import org.millrace.trainer.optimiser.MovingAverage;

/**
 * The momentum encoder: the query's encoder and projector with weights that follow the query's. It begins equal to it; its batch-norm
 * statistics are its own. What the query's encoder keeps frozen it shares. The owner closes it.
 */
final class KeyNetwork implements AutoCloseable {
    private final Branch branch;
    private final KeyOrder order;
    private final int parts; // of a batch, encoded one after another
    private final Weights weights;
    private final Optional<KeyReplicas> replicas;
    private final ForwardPass pass;

    /** @param query whose frozen parameters are used */
    KeyNetwork(Torch torch, Branch branch, MillraceConfig config, QueryNetwork query) {
        this.branch = branch;
        this.pass = new ForwardPass(torch);
        this.parts = config.trainer().accumulate();
        this.order = KeyOrder.of(config.trainer(), config.run().seed());
        WeightLayout layout = new WeightLayout();
        branch.declare(layout);
        this.weights = Weights.initialisedBeside(
                query.weights(), torch, layout, config.run().seed());
        List<Torch> devices =
                config.trainer().keyDeviceNames().stream().map(torch::on).toList();
        this.replicas =
                devices.isEmpty() ? Optional.empty() : Optional.of(new KeyReplicas(torch, devices, branch, weights));
    }

    Weights weights() {
        return weights;
    }

    /** Moves the parameters towards the query's. */
    void follow(QueryNetwork query, double momentum) {
        new MovingAverage(momentum).update(weights, query.weights());
    }

    /**
     * Keys, unit length, without gradient; batch norm uses the statistics of the batch, or of each of its {@code trainer.accumulate}
     * parts. The activations are freed before this returns.
     * views: N×C×H×W → N×output, in {@code scope}.
     */
    NDArray keys(NDArray views, long step, NDManager scope) {
        return keys(views, step, scope, weights::tensors);
    }

    /** The keys that the views of a past step would have now, in that step's order; running statistics stay as they are. */
    NDArray keysAgain(NDArray views, long step, NDManager scope) {
        return keys(views, step, scope, weights::tensorsBesideBuffers);
    }

    private NDArray keys(NDArray views, long step, NDManager scope, Function<NDManager, Tensors> tensors) {
        try (NDManager activations = scope.newSubManager()) {
            views.tempAttach(activations);
            NDArray keys = order.apply(views, step, rows -> encode(rows, activations, tensors));
            NDArray unit = InfoNce.unit(keys);
            unit.attach(scope);
            return unit;
        }
    }

    // the parts of a shuffled batch are parts of its order; rows: N×… → N×output, in that scope
    private NDArray encode(NDArray rows, NDManager scope, Function<NDManager, Tensors> tensors) {
        if (parts == 1) {
            return encode(rows, tensors.apply(scope));
        }
        NDList keys = new NDList();
        for (int i = 0; i < parts; i++) {
            try (NDManager activations = scope.newSubManager()) {
                NDArray part = Batch.part(rows, i, parts, activations);
                NDArray encoded = encode(part, tensors.apply(activations));
                encoded.attach(scope);
                keys.add(encoded);
            }
        }
        return NDArrays.concat(keys, 0);
    }

    private NDArray encode(NDArray rows, Tensors named) {
        return pass.of(() ->
                replicas.isPresent() ? replicas.get().forward(rows, named) : branch.forward(rows, named, order.mode()));
    }

    @Override
    public void close() {
        replicas.ifPresent(KeyReplicas::close);
        weights.close();
    }
}

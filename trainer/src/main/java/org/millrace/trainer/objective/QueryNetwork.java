package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.network.MultilayerPerceptron;
import org.millrace.encoder.precision.ForwardPass;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

/** The network that learns: encoder, projector, then a predictor and a guard's, where there are any. The owner closes it. */
final class QueryNetwork implements AutoCloseable {
    private final Branch branch;
    private final Optional<MultilayerPerceptron> predictor;
    private final BatchNormMode mode;
    private final Weights weights;
    private final ForwardPass pass;
    private final EncodedViews encoded;

    QueryNetwork(Torch torch, Branch branch, MillraceConfig config) {
        this(torch, branch, Optional.empty(), config);
    }

    QueryNetwork(Torch torch, Branch branch, Optional<MultilayerPerceptron> predictor, MillraceConfig config) {
        this.branch = branch;
        this.predictor = predictor;
        this.pass = new ForwardPass(torch);
        this.mode = KeyOrder.queryMode(config.trainer());
        WeightLayout layout = new WeightLayout();
        branch.declare(layout);
        predictor.ifPresent(head -> head.declare(layout));
        Heads.guard(config).ifPresent(head -> head.declare(layout));
        this.encoded = new EncodedViews(config.guard().active());
        this.weights = Weights.initialised(torch, layout, config.run().seed()).requireGradient();
    }

    Weights weights() {
        return weights;
    }

    /** Projections, not yet unit length. views: N×C×H×W → N×output. */
    NDArray project(NDArray views, Tensors tensors) {
        if (!encoded.wanted()) {
            return pass.of(() -> branch.forward(views, tensors, mode));
        }
        Branch.Rows rows = pass.computed(() -> branch.both(views, tensors, mode));
        encoded.add(views, pass.inFloat32(rows.features()), tensors);
        return pass.inFloat32(rows.projections());
    }

    /** What {@link #project} encoded while gradients were recorded, since the last call. */
    List<Encoded> encoded() {
        return encoded.take();
    }

    /** Predictions from projections, not yet unit length; the projections themselves where there is no predictor. N×output. */
    NDArray predict(NDArray projections, Tensors tensors) {
        return predictor
                .map(head -> pass.of(() -> head.forward(projections, tensors, mode)))
                .orElse(projections);
    }

    @Override
    public void close() {
        weights.close();
    }
}

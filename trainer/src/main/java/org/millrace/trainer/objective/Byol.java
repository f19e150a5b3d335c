package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.millrace.contract.config.ByolConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.network.MultilayerPerceptron;
import org.millrace.encoder.network.MultilayerPerceptron.Norm;
import org.millrace.encoder.tensor.Scaled;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

/**
 * Bootstrap your own latent (Grill et al. 2020, arXiv:2006.07733, eq. 2): the prediction from one view must match the target network's
 * projection of the other, both ways. No negatives, so no dictionary. Projector and predictor have batch norm, without which it
 * collapses.
 */
final class Byol implements Objective {
    private final QueryNetwork query;
    private final KeyNetwork key;
    private final EncoderMomentum momentum;

    Byol(MillraceConfig config, Torch torch) {
        this(
                config,
                torch,
                new Heads(config).projection(2, Norm.AFFINE, Norm.NONE),
                new Heads(config).predictor(Norm.NONE));
    }

    Byol(MillraceConfig config, Torch torch, Branch branch, MultilayerPerceptron predictor) {
        ByolConfig byol = config.byol();
        this.query = new QueryNetwork(torch, branch, Optional.of(predictor), config);
        this.key = new KeyNetwork(torch, branch, config, query);
        this.momentum = new EncoderMomentum(
                byol.momentum(), byol.momentumSchedule(), config.optimiser().totalSteps());
    }

    @Override
    public Weights query() {
        return query.weights();
    }

    @Override
    public List<Encoded> encoded() {
        return query.encoded();
    }

    @Override
    public Optional<Weights> key() {
        return Optional.of(key.weights());
    }

    /** The paper moves the target after the update of step k with τ(k), k from 0: before the next step, that is the same. */
    @Override
    public OptionalDouble momentum(long step) {
        return OptionalDouble.of(momentum.at(Math.max(0.0, step - 2.0)));
    }

    @Override
    public void follow(long step) {
        key.follow(query, momentum(step).orElseThrow());
    }

    @Override
    public Targets targets(Batch batch, NDManager scope) {
        return Targets.of(
                key.keys(batch.first(), batch.step(), scope),
                key.keys(batch.second(), batch.step(), scope)); // N×C each
    }

    @Override
    public Loss loss(Batch batch, Targets targets, NDManager scope) {
        NDArray firstTarget = targets.rows().get(0); // N×C
        NDArray secondTarget = targets.rows().get(1); // N×C
        Tensors weights = query.weights().tensors(scope);
        NDArray first = query.predict(query.project(batch.first(), weights), weights); // N×C
        NDArray second = query.predict(query.project(batch.second(), weights), weights); // N×C
        NDArray distances = distances(first, secondTarget).add(distances(second, firstTarget)); // N
        return new Loss(
                distances.mean(),
                Double.NaN,
                List.of(distances),
                Optional.empty(),
                Projections.of(firstTarget, secondTarget));
    }

    // ‖p/‖p‖ − z‖² = 2 − 2·cos(p, z) of each row; predictions: N×C raw, targets: N×C unit constants → N
    static NDArray distances(NDArray predictions, NDArray targets) {
        NDArray cosine = InfoNce.unit(predictions).mul(targets).sum(new int[] {1}); // N
        return Scaled.times(cosine, -2).add(2);
    }

    @Override
    public void close() {
        key.close();
        query.close();
    }
}

package org.millrace.trainer.objective;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.ByolConfig;
import org.millrace.contract.config.HeadConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.network.MultilayerPerceptron;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.trainer.optimiser.MovingAverage;

/**
 * Bootstrap your own latent (Grill et al. 2020, arXiv:2006.07733, eq. 2): the prediction from one view must match the twin's
 * projection of the other, both ways. No negatives, so no dictionary. Projector and predictor have batch norm, without which it
 * collapses.
 */
final class Byol implements Objective {
    private final ByolConfig config;
    private final Twins twins;

    Byol(MillraceConfig config, Torch torch) {
        this.config = config.byol();
        HeadConfig head = config.head();
        int features = config.encoder().architecture().features();
        int hidden = head.projectorHidden() > 0 ? head.projectorHidden() : features;
        int predictorHidden = head.predictorHidden() > 0 ? head.predictorHidden() : hidden;
        var projector = new MultilayerPerceptron(Twins.PROJECTOR, features, hidden, head.output(), true);
        var predictor = new MultilayerPerceptron(Twins.PREDICTOR, head.output(), predictorHidden, head.output(), true);
        this.twins = new Twins(
                torch,
                config.encoder(),
                projector,
                Optional.of(predictor),
                config.run().seed());
    }

    @Override
    public Twins twins() {
        return twins;
    }

    @Override
    public MovingAverage movingAverage() {
        return new MovingAverage(config.momentum());
    }

    @Override
    public Outcome backward(NDArray first, NDArray second, NDManager scope, StageClock clock) {
        NDArray firstTarget = twins.keys(first, scope); // N×C
        NDArray secondTarget = twins.keys(second, scope); // N×C
        clock.lap("keys");
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            Tensors weights = twins.query().tensors(scope);
            NDArray loss = distance(twins.queries(first, weights), secondTarget)
                    .add(distance(twins.queries(second, weights), firstTarget));
            clock.lap("queries");
            collector.backward(loss);
            clock.lap("backward");
            return new Outcome(loss.getFloat(), Double.NaN, Optional.empty());
        }
    }

    // mean over the batch of ‖p/‖p‖ − z‖² = 2 − 2·cos(p, z); predictions: N×C raw, targets: N×C unit constants
    static NDArray distance(NDArray predictions, NDArray targets) {
        NDArray cosine = InfoNce.unit(predictions).mul(targets).sum(new int[] {1}); // N
        return cosine.mul(-2).add(2).mean();
    }

    @Override
    public void enqueue(Outcome outcome, long step, List<ImageOffset> images) {}

    @Override
    public void restore(long keySequence) {}

    @Override
    public long keySequence() {
        return 0;
    }

    @Override
    public long keysFilled() {
        return 0;
    }

    @Override
    public void close() {
        twins.close();
    }
}

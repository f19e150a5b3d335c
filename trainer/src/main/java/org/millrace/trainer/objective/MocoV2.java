package org.millrace.trainer.objective;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.HeadConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.MocoConfig;
import org.millrace.encoder.network.MultilayerPerceptron;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.KeyStore;
import org.millrace.trainer.optimiser.MovingAverage;

/**
 * Momentum contrast with a projector (Chen et al. 2020, arXiv:2003.04297): a query must find its own image's key among the
 * dictionary of past keys. Asymmetric: one view asks, the other is the key. Keys enter the dictionary after the logits.
 */
final class MocoV2 implements Objective {
    private final MocoConfig config;
    private final Twins twins;
    private final Dictionary dictionary;

    MocoV2(MillraceConfig config, Torch torch, KeyStore keys) {
        this.config = config.moco();
        HeadConfig head = config.head();
        int features = config.encoder().architecture().features();
        int hidden = head.projectorHidden() > 0 ? head.projectorHidden() : features;
        var projector =
                new MultilayerPerceptron(Twins.PROJECTOR, features, hidden, head.output(), head.projectorBatchNorm());
        long seed = config.run().seed();
        this.twins = new Twins(torch, config.encoder(), projector, Optional.empty(), seed);
        this.dictionary = new Dictionary(torch, keys, config.moco().queueSize(), head.output(), seed);
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
        NDArray keys = twins.keys(second, scope); // N×C
        clock.lap("keys");
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray queries = twins.queries(first, twins.query().tensors(scope)); // N×C
            NDList result = InfoNce.loss(queries, keys, dictionary.rows(), config.temperature());
            clock.lap("queries");
            collector.backward(result.get(0));
            clock.lap("backward");
            return new Outcome(result.get(0).getFloat(), accuracy(result.get(1)), Optional.of(keys));
        }
    }

    @Override
    public void enqueue(Outcome outcome, long step, List<ImageOffset> images) {
        dictionary.enqueue(outcome.keys().orElseThrow(), step, images);
    }

    @Override
    public void restore(long keySequence) {
        dictionary.restore(keySequence);
    }

    @Override
    public long keySequence() {
        return dictionary.sequence();
    }

    @Override
    public long keysFilled() {
        return dictionary.filled();
    }

    @Override
    public void close() {
        dictionary.close();
        twins.close();
    }

    // logits: N×(1+K), the positive first; a tie counts as a hit
    static double accuracy(NDArray logits) {
        NDArray best = logits.max(new int[] {1}); // N
        NDArray hits = logits.get(":, 0").gte(best);
        return hits.toType(ai.djl.ndarray.types.DataType.FLOAT32, false).mean().getFloat();
    }
}

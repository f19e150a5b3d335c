package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.MocoConfig;
import org.millrace.encoder.network.MultilayerPerceptron;
import org.millrace.encoder.network.MultilayerPerceptron.Norm;
import org.millrace.encoder.tensor.Scaled;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;
import org.millrace.trainer.objective.InfoNce.Contrast;

/**
 * MoCo v3 (Chen et al. 2021, arXiv:2104.02057, algorithm 1): a predictor on the query's side, the momentum encoder's keys of the same
 * batch as the dictionary, both views asking: L = 2T·CE(q₁·k₂/T) + 2T·CE(q₂·k₁/T). The projector's last batch norm has neither
 * scale nor shift.
 */
final class MocoV3 implements Objective {
    private final MocoConfig config;
    private final QueryNetwork query;
    private final KeyNetwork key;
    private final EncoderMomentum momentum;

    MocoV3(MillraceConfig config, Torch torch) {
        this(config, torch, new Heads(config));
    }

    // behind a transformer a third layer, and batch norm after the prediction too, as the official code
    private MocoV3(MillraceConfig config, Torch torch, Heads heads) {
        this(
                config,
                torch,
                heads.projection(heads.behindTransformer() ? 3 : 2, Norm.AFFINE, Norm.PLAIN),
                heads.predictor(heads.behindTransformer() ? Norm.PLAIN : Norm.NONE));
    }

    MocoV3(MillraceConfig config, Torch torch, Branch branch, MultilayerPerceptron predictor) {
        this.config = config.moco();
        this.query = new QueryNetwork(torch, branch, Optional.of(predictor), config);
        this.key = new KeyNetwork(torch, branch, config, query);
        this.momentum = EncoderMomentum.of(config);
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

    @Override
    public OptionalDouble momentum(long step) {
        return OptionalDouble.of(momentum.at(step - 1.0));
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
        NDArray firstKeys = targets.rows().get(0); // N×C
        NDArray secondKeys = targets.rows().get(1); // N×C
        Tensors weights = query.weights().tensors(scope);
        NDArray firstQueries = query.predict(query.project(batch.first(), weights), weights); // N×C
        NDArray secondQueries = query.predict(query.project(batch.second(), weights), weights); // N×C
        Contrast one = contrast(firstQueries, secondKeys, config.temperature());
        Contrast two = contrast(secondQueries, firstKeys, config.temperature());
        return new Loss(
                one.loss().add(two.loss()),
                (InfoNce.diagonalAccuracy(one.logits()) + InfoNce.diagonalAccuracy(two.logits())) / 2,
                List.of(one.losses(), two.losses()),
                Optional.empty(),
                Projections.of(firstKeys, secondKeys));
    }

    // one direction: 2T·CE(q·k/T); queries, keys: N×C
    static Contrast contrast(NDArray queries, NDArray keys, double temperature) {
        Contrast plain = InfoNce.withBatch(queries, keys, temperature);
        return new Contrast(Scaled.times(plain.losses(), 2 * temperature), plain.logits());
    }

    @Override
    public void close() {
        key.close();
        query.close();
    }
}

package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.network.MultilayerPerceptron.Norm;
import org.millrace.encoder.tensor.Scaled;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;
import org.millrace.trainer.objective.InfoNce.Contrast;

/**
 * The batch as the dictionary, with gradients into queries and keys: MoCo's "end-to-end" comparison (He et al. 2020, figure 2a and
 * section 4.1), one encoder for both. Symmetric, the mean of both directions.
 */
final class EndToEnd implements Objective {
    private final double temperature;
    private final boolean symmetric;
    private final QueryNetwork query;

    EndToEnd(MillraceConfig config, Torch torch) {
        this(config, torch, new Heads(config).projection(2, Norm.NONE, Norm.NONE));
    }

    EndToEnd(MillraceConfig config, Torch torch, Branch branch) {
        this.temperature = config.endToEnd().temperature();
        this.symmetric = config.trainer().symmetric();
        this.query = new QueryNetwork(torch, branch, config);
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
    public Loss loss(Batch batch, Targets targets, NDManager scope) {
        Tensors weights = query.weights().tensors(scope);
        NDArray queries = query.project(batch.first(), weights); // N×C
        NDArray keys = query.project(batch.second(), weights); // N×C
        Contrast contrast = contrast(queries, keys, temperature, symmetric);
        return new Loss(
                contrast.loss(),
                InfoNce.diagonalAccuracy(contrast.logits()),
                List.of(contrast.losses()),
                Optional.empty(),
                Projections.of(queries, keys));
    }

    // queries, keys: N×C, both with gradient; the logits are those of the queries
    static Contrast contrast(NDArray queries, NDArray keys, double temperature, boolean symmetric) {
        Contrast forth = InfoNce.withBatch(queries, keys, temperature);
        if (!symmetric) {
            return forth;
        }
        Contrast back = InfoNce.withBatch(keys, queries, temperature);
        return new Contrast(Scaled.over(forth.losses().add(back.losses()), 2), forth.logits());
    }

    @Override
    public void close() {
        query.close();
    }
}

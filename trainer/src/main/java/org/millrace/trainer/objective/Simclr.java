package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
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
 * Simple contrastive learning (Chen et al. 2020, arXiv:2002.05709, eq. 1, NT-Xent): each of 2N views must find the other view of its
 * image among the 2N − 1 others; one network, gradients into both. The loss is the paper's mean over the 2N views; the official code
 * returns twice that. The projector has two layers, or three with {@code head.layers=3} (v2, arXiv:2006.10029).
 */
final class Simclr implements Objective {
    /** In place of a view's similarity with itself. */
    private static final float NEVER = -1e9f;

    private final double temperature;
    private final QueryNetwork query;

    Simclr(MillraceConfig config, Torch torch) {
        this(config, torch, new Heads(config).projection(2, Norm.AFFINE, Norm.AFFINE));
    }

    Simclr(MillraceConfig config, Torch torch, Branch branch) {
        this.temperature = config.simclr().temperature();
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
        NDArray first = query.project(batch.first(), weights); // N×C
        NDArray second = query.project(batch.second(), weights); // N×C
        Contrast contrast = contrast(first, second, temperature);
        return new Loss(
                contrast.loss(),
                InfoNce.accuracy(contrast.logits()),
                List.of(contrast.losses()),
                Optional.empty(),
                Projections.of(first, second));
    }

    /** The loss of 2N views; its logits (2N×(1+2N), the positive first) leave a view's similarity with itself out. */
    static Contrast contrast(NDArray firstViews, NDArray secondViews, double temperature) {
        NDArray first = InfoNce.unit(firstViews); // N×C
        NDArray second = InfoNce.unit(secondViews); // N×C
        NDArray all = NDArrays.concat(new NDList(first, second), 0); // 2N×C
        int views = (int) all.getShape().get(0);
        NDArray itself = all.getManager().eye(views); // 2N×2N
        NDArray partner = NDArrays.concat(
                new NDList(itself.get(views / 2 + ":" + views), itself.get("0:" + views / 2)), 0); // 2N×2N
        NDArray similarity = Scaled.over(all.matMul(all.transpose()), temperature); // 2N×2N
        NDArray masked = similarity.add(Scaled.times(itself, NEVER)); // 2N×2N
        NDArray positive = masked.mul(partner).sum(new int[] {1}, true); // 2N×1, one of the row's own numbers
        // the row's log-sum-exp runs over all k ≠ i, the positive among them
        NDArray largest = masked.max(new int[] {1}, true).stopGradient(); // 2N×1
        NDArray logSum =
                masked.sub(largest).exp().sum(new int[] {1}, true).log().add(largest); // 2N×1
        NDArray losses = logSum.sub(positive).squeeze(1); // 2N
        return new Contrast(losses, NDArrays.concat(new NDList(positive, masked), 1));
    }

    @Override
    public void close() {
        query.close();
    }
}

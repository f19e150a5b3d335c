package org.millrace.encoder.network;

import static org.millrace.contract.Check.check;

import ai.djl.ndarray.NDArray;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

/**
 * One hidden layer, as AMDIM's evaluation has it (Bachman, Hjelm, Buchwalter 2019, arXiv:1906.00910): dropout, linear, batch norm,
 * ReLU, dropout, linear.
 *
 * @param dropoutShare of the values that dropout sets to 0; the others grow by 1 / (1 − share)
 */
public record HiddenLayerHead(int classes, int hidden, double dropoutShare) implements Head {
    public HiddenLayerHead {
        check(classes >= 2, "a head needs at least 2 classes, but had %d", classes);
        check(hidden >= 1, "a hidden layer needs at least 1 unit, but had %d", hidden);
        check(dropoutShare >= 0 && dropoutShare < 1, "dropout must be in [0, 1), but was %s", dropoutShare);
    }

    @Override
    public void declare(WeightLayout layout, String prefix, int features) {
        layout.linear(prefix + "hidden", hidden, features);
        layout.batchNorm(prefix + "norm", hidden);
        layout.linear(prefix + "linear", classes, hidden);
    }

    @Override
    public void initialise(Weights weights, String prefix, int features, long seed) {} // the layers' usual values

    @Override
    public NDArray forward(NDArray x, Tensors weights, String prefix, Optional<RandomGenerator> dropout) {
        NDArray y = Layers.linear(dropped(x, dropout), weights, prefix + "hidden"); // N×H
        y = Layers.relu(Layers.batchNorm(y, weights, prefix + "norm", BatchNormMode.of(dropout.isPresent())));
        return Layers.linear(dropped(y, dropout), weights, prefix + "linear");
    }

    private NDArray dropped(NDArray x, Optional<RandomGenerator> dropout) {
        if (dropout.isEmpty() || dropoutShare == 0) {
            return x;
        }
        float[] mask = new float[Math.toIntExact(x.size())];
        float kept = (float) (1 / (1 - dropoutShare));
        for (int i = 0; i < mask.length; i++) {
            mask[i] = dropout.get().nextFloat() < dropoutShare ? 0 : kept;
        }
        return x.mul(x.getManager().create(mask, x.getShape()));
    }
}

package org.millrace.encoder.network;

import static org.millrace.contract.Check.check;

import ai.djl.ndarray.NDArray;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

/** One linear layer, as MoCo's linear protocol begins it (He et al. 2020): weights N(0, 0.01²), biases 0. */
public record LinearHead(int classes) implements Head {
    private static final double DEVIATION = 0.01;

    public LinearHead {
        check(classes >= 2, "a head needs at least 2 classes, but had %d", classes);
    }

    @Override
    public void declare(WeightLayout layout, String prefix, int features) {
        layout.linear(prefix + "linear", classes, features);
    }

    @Override
    public void initialise(Weights weights, String prefix, int features, long seed) {
        CounterRandom random = CounterRandom.of(seed, 0, CounterRandom.Purpose.WEIGHTS, -1); // layers count from 0
        float[] values = new float[classes * features];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (DEVIATION * random.nextGaussian());
        }
        weights.read(
                prefix + "linear.",
                new Safetensors.Builder()
                        .add("weight", new long[] {classes, features}, values)
                        .add("bias", new long[] {classes}, new float[classes])
                        .build());
    }

    @Override
    public NDArray forward(NDArray x, Tensors weights, String prefix, Optional<RandomGenerator> dropout) {
        return Layers.linear(x, weights, prefix + "linear");
    }
}

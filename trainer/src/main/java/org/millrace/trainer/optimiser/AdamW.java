package org.millrace.trainer.optimiser;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.millrace.contract.config.OptimiserConfig;
import org.millrace.encoder.tensor.Safetensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2), as PyTorch's: w ← w − ηλw; m ← β₁m +
 * (1 − β₁)g; s ← β₂s + (1 − β₂)g²; w ← w − η·(m / (1 − β₁ᵗ)) / (√(s / (1 − β₂ᵗ)) + ε), t the number of the step. Its state is m and s.
 */
final class AdamW implements Optimiser {
    private final Torch torch;
    private final OptimiserConfig config;
    private final Weights weights;
    private final StateTensor mean;
    private final StateTensor square;

    AdamW(Torch torch, OptimiserConfig config, Weights weights) {
        this.torch = torch;
        this.config = config;
        this.weights = weights;
        this.mean = new StateTensor("mean", torch, weights);
        this.square = new StateTensor("square", torch, weights);
    }

    @Override
    public void step(long step, double learningRate) {
        double beta1 = config.beta1();
        double beta2 = config.beta2();
        double meanShare = 1 - Math.pow(beta1, (double) step);
        double squareShare = 1 - Math.pow(beta2, (double) step);
        NDArray parameters = weights.parameters();
        try (NDManager scope = torch.newManager()) {
            NDArray gradient = weights.gradient();
            gradient.attach(scope);
            Clip.apply(gradient, config);
            parameters.muli((float) (1 - learningRate * config.weightDecay()));
            NDArray squared = gradient.mul(gradient).muli((float) (1 - beta2));
            square.values().muli((float) beta2).addi(squared);
            mean.values().muli((float) beta1).addi(gradient.muli((float) (1 - beta1)));
            NDArray root = square.values().sqrt();
            root.attach(scope);
            root.divi((float) Math.sqrt(squareShare)).addi((float) config.epsilon());
            NDArray change = mean.values().div(root);
            change.attach(scope);
            parameters.subi(change.muli((float) (learningRate / meanShare)));
        }
        weights.zeroGradient();
    }

    @Override
    public Safetensors state() {
        Safetensors.Builder file = new Safetensors.Builder();
        mean.save(file);
        square.save(file);
        return file.build();
    }

    @Override
    public void restore(Safetensors state) {
        mean.restore(state);
        square.restore(state);
    }

    @Override
    public void close() {
        mean.close();
        square.close();
    }
}

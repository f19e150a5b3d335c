package org.millrace.encoder.optimiser;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

/**
 * Adam (Kingma and Ba 2015, arXiv:1412.6980, algorithm 1) as PyTorch's: m ← β₁m + (1 − β₁)g; s ← β₂s + (1 − β₂)g²; w ← w − η·(m / (1 −
 * β₁ᵗ)) / (√(s / (1 − β₂ᵗ)) + ε), t the number of the step. Its state is m and s. Weight decay is in the gradient, g ← g + λw, or apart
 * from it, w ← w − ηλw: AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2).
 */
final class Adam extends Optimiser {
    private final Torch torch;
    private final OptimiserRule.AdamRule rule;
    private final Weights weights;
    private final StateTensor mean;
    private final StateTensor square;

    Adam(Torch torch, OptimiserRule.AdamRule rule, Weights weights) {
        this(torch, rule, weights, new StateTensor("mean", torch, weights), new StateTensor("square", torch, weights));
    }

    private Adam(Torch torch, OptimiserRule.AdamRule rule, Weights weights, StateTensor mean, StateTensor square) {
        super(mean, square);
        this.torch = torch;
        this.rule = rule;
        this.weights = weights;
        this.mean = mean;
        this.square = square;
    }

    @Override
    public void step(long step, double learningRate) {
        double beta1 = rule.beta1();
        double beta2 = rule.beta2();
        double meanShare = 1 - Math.pow(beta1, (double) step);
        double squareShare = 1 - Math.pow(beta2, (double) step);
        NDArray parameters = weights.parameters();
        try (NDManager scope = torch.newManager()) {
            NDArray gradient = weights.gradient();
            gradient.attach(scope);
            rule.clip().apply(gradient);
            switch (rule.decay()) {
                case DECOUPLED -> rule.weightDecay().shrink(weights, learningRate, scope);
                case IN_GRADIENT -> rule.weightDecay().addTo(gradient, weights, scope);
            }
            NDArray squared = gradient.mul(gradient).muli((float) (1 - beta2));
            square.values().muli((float) beta2).addi(squared);
            mean.values().muli((float) beta1).addi(gradient.muli((float) (1 - beta1)));
            NDArray root = square.values().sqrt();
            root.attach(scope);
            root.divi((float) Math.sqrt(squareShare)).addi((float) rule.epsilon());
            NDArray change = mean.values().div(root);
            change.attach(scope);
            parameters.subi(change.muli((float) (learningRate / meanShare)));
        }
        weights.zeroGradient();
    }
}

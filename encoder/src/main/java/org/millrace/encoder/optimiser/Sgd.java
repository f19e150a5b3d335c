package org.millrace.encoder.optimiser;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

/**
 * Stochastic gradient descent with momentum and weight decay, as PyTorch's: d ← g + λw; v ← μv + d; w ← w − ηv, or with Nesterov's
 * momentum w ← w − η(d + μv). Its state is the velocity v of all parameters.
 */
final class Sgd extends Optimiser {
    private final Torch torch;
    private final OptimiserRule.SgdRule rule;
    private final Weights weights;
    private final StateTensor velocity;

    Sgd(Torch torch, OptimiserRule.SgdRule rule, Weights weights) {
        this(torch, rule, weights, new StateTensor("velocity", torch, weights));
    }

    private Sgd(Torch torch, OptimiserRule.SgdRule rule, Weights weights, StateTensor velocity) {
        super(velocity);
        this.torch = torch;
        this.rule = rule;
        this.weights = weights;
        this.velocity = velocity;
    }

    @Override
    public void step(long step, double learningRate) {
        NDArray parameters = weights.parameters();
        float momentum = (float) rule.momentum();
        try (NDManager scope = torch.newManager()) {
            NDArray gradient = weights.gradient();
            gradient.attach(scope);
            rule.clip().apply(gradient);
            rule.weightDecay().addTo(gradient, weights, scope); // d = g + λw
            velocity.values().muli(momentum).addi(gradient); // v = μv + d
            try (NDArray ahead = velocity.values().mul(rule.nesterov() ? momentum : 1)) {
                if (rule.nesterov()) {
                    ahead.addi(gradient); // d + μv
                }
                parameters.subi(ahead.muli((float) learningRate)); // w = w − ηv
            }
        }
        weights.zeroGradient();
    }
}

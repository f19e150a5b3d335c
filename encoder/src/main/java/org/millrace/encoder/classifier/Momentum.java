package org.millrace.encoder.classifier;

import static org.millrace.contract.Check.check;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

/**
 * Stochastic gradient descent with momentum as PyTorch has it: d ← g + λw; v ← μv + d; w ← w − ηv, or with Nesterov's look ahead
 * w ← w − η(d + μv).
 *
 * @param momentum μ
 * @param weightDecay λ
 */
public record Momentum(double momentum, double weightDecay, boolean nesterov) implements Descent {
    public Momentum {
        check(momentum >= 0 && momentum < 1, "momentum must be in [0, 1), but was %s", momentum);
        check(weightDecay >= 0, "weight decay must not be negative, but was %s", weightDecay);
    }

    @Override
    public Velocity newState(Torch torch, Weights weights) {
        return new Velocity(torch, weights, this);
    }

    /** The velocity v of all parameters. Not thread safe; the owner closes it. */
    public static final class Velocity implements State {
        private final Weights weights;
        private final Momentum rule;
        private final NDManager manager;
        private final NDArray velocity; // P

        private Velocity(Torch torch, Weights weights, Momentum rule) {
            this.weights = weights;
            this.rule = rule;
            this.manager = torch.newManager();
            this.velocity = manager.zeros(weights.parameters().getShape());
        }

        @Override
        public void step(double rate) {
            NDArray parameters = weights.parameters();
            try (NDManager scope = manager.newSubManager()) {
                NDArray d = weights.gradient();
                d.attach(scope);
                NDArray decay = parameters.mul((float) rule.weightDecay());
                decay.attach(scope);
                d.addi(decay); // d = g + λw
                velocity.muli((float) rule.momentum()).addi(d); // v = μv + d
                NDArray direction = velocity.mul((float) (rule.nesterov() ? rule.momentum() : 1));
                direction.attach(scope);
                if (rule.nesterov()) {
                    direction.addi(d); // d + μv
                }
                parameters.subi(direction.muli((float) rate));
            }
            weights.zeroGradient();
        }

        float[] velocity() {
            return velocity.toFloatArray();
        }

        @Override
        public void close() {
            manager.close();
        }
    }
}

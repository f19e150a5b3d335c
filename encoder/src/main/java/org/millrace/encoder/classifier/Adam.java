package org.millrace.encoder.classifier;

import static org.millrace.contract.Check.check;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

/**
 * Adam (Kingma and Ba 2015, algorithm 1) with the weight decay in the gradient: g ← g + λw; m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²;
 * w ← w − η·m̂ / (√v̂ + ε), where m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ).
 *
 * @param weightDecay λ
 */
public record Adam(double beta1, double beta2, double epsilon, double weightDecay) implements Descent {
    public Adam {
        check(beta1 >= 0 && beta1 < 1, "beta1 must be in [0, 1), but was %s", beta1);
        check(beta2 >= 0 && beta2 < 1, "beta2 must be in [0, 1), but was %s", beta2);
        check(epsilon > 0, "epsilon must be positive, but was %s", epsilon);
        check(weightDecay >= 0, "weight decay must not be negative, but was %s", weightDecay);
    }

    @Override
    public Moments newState(Torch torch, Weights weights) {
        return new Moments(torch, weights, this);
    }

    /** The moments m and v of all parameters and the number t of steps. Not thread safe; the owner closes it. */
    public static final class Moments implements State {
        private final Weights weights;
        private final Adam rule;
        private final NDManager manager;
        private final NDArray first; // m, P
        private final NDArray second; // v, P
        private int steps; // t

        private Moments(Torch torch, Weights weights, Adam rule) {
            this.weights = weights;
            this.rule = rule;
            this.manager = torch.newManager();
            this.first = manager.zeros(weights.parameters().getShape());
            this.second = manager.zeros(weights.parameters().getShape());
        }

        @Override
        public void step(double rate) {
            steps++;
            NDArray parameters = weights.parameters();
            try (NDManager scope = manager.newSubManager()) {
                NDArray gradient = weights.gradient();
                gradient.attach(scope);
                NDArray decay = parameters.mul((float) rule.weightDecay());
                decay.attach(scope);
                gradient.addi(decay);
                NDArray square = gradient.mul(gradient);
                first.muli((float) rule.beta1()).addi(gradient.muli((float) (1 - rule.beta1())));
                second.muli((float) rule.beta2()).addi(square.muli((float) (1 - rule.beta2())));
                NDArray scale = second.div((float) (1 - Math.pow(rule.beta2(), steps))); // v̂
                scale.attach(scope);
                NDArray change = first.div(scale.sqrt().addi((float) rule.epsilon()));
                change.attach(scope);
                parameters.subi(change.muli((float) (rate / (1 - Math.pow(rule.beta1(), steps)))));
            }
            weights.zeroGradient();
        }

        @Override
        public void close() {
            manager.close();
        }
    }
}

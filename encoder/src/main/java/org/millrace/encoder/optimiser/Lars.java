package org.millrace.encoder.optimiser;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.millrace.contract.config.OptimiserConfig.LarsForm;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;
import org.millrace.encoder.tensor.Weights.Slice;

/**
 * Layer-wise adaptive rate scaling (You et al. 2017, arXiv:1708.03888) with momentum: g' ← g + λw; r = η‖w‖ / ‖g'‖, or 1 where either
 * is 0. Biases, norms, tokens and position embeddings have neither decay nor ratio. Two published forms, equal only while the rate is constant:
 * inside (SimCLR) v ← μv + rate·r·g', w ← w − v; outside (BYOL, MoCo v3) v ← μv + r·g', w ← w − rate·v. Its state is v.
 */
final class Lars extends Optimiser {
    private final Torch torch;
    private final OptimiserRule.LarsRule rule;
    private final Weights weights;
    private final List<Slice> layers; // L
    private final StateTensor velocity;
    private double[] ratios = {}; // L

    Lars(Torch torch, OptimiserRule.LarsRule rule, Weights weights) {
        this(torch, rule, weights, new StateTensor("velocity", torch, weights));
    }

    private Lars(Torch torch, OptimiserRule.LarsRule rule, Weights weights, StateTensor velocity) {
        super(velocity);
        this.torch = torch;
        this.rule = rule;
        this.weights = weights;
        this.layers = weights.slices().stream().filter(Slice::isKernel).toList();
        this.velocity = velocity;
    }

    @Override
    public void step(long step, double learningRate) {
        boolean inside = rule.form() == LarsForm.INSIDE;
        NDArray parameters = weights.parameters();
        try (NDManager scope = torch.newManager()) {
            NDArray gradient = weights.gradient();
            gradient.attach(scope);
            rule.clip().apply(gradient);
            adapt(parameters, gradient, scope); // r·g'
            if (inside) {
                gradient.muli((float) learningRate);
            }
            velocity.values().muli((float) rule.momentum()).addi(gradient);
            NDArray change = velocity.values().mul(inside ? 1f : (float) learningRate);
            change.attach(scope);
            parameters.subi(change);
        }
        weights.zeroGradient();
    }

    /** r of each tensor of more than one dimension at the last step, in the order of the layout. */
    double[] ratios() {
        return ratios.clone();
    }

    private void adapt(NDArray parameters, NDArray gradient, NDManager scope) {
        NDList gradients = new NDList();
        NDList lengths = new NDList(); // ‖w‖, ‖g'‖ of each layer in turn
        for (Slice layer : layers) {
            NDArray weight = layer.of(parameters, scope);
            NDArray decayed = layer.of(gradient, scope).addi(weight.mul((float) rule.weightDecay()));
            gradients.add(decayed);
            lengths.add(weight.norm());
            lengths.add(decayed.norm());
        }
        float[] host = NDArrays.stack(lengths).toFloatArray(); // 2L, one wait for the device
        ratios = new double[layers.size()];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = ratio(host[2 * i], host[2 * i + 1]);
            gradients.get(i).muli((float) ratios[i]);
        }
    }

    private double ratio(double weight, double gradient) {
        return weight > 0 && gradient > 0 ? rule.trust() * weight / gradient : 1;
    }
}

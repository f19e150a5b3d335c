package org.millrace.trainer.optimiser;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.millrace.contract.config.OptimiserConfig;
import org.millrace.contract.config.OptimiserConfig.LarsForm;
import org.millrace.encoder.tensor.Safetensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;
import org.millrace.encoder.tensor.Weights.Slice;

/**
 * Layer-wise adaptive rate scaling (You et al. 2017, arXiv:1708.03888) with momentum: g' ← g + λw; r = η‖w‖ / ‖g'‖, or 1 where either
 * is 0. Biases and batch norm (one dimension) have neither decay nor ratio. Two published forms, equal only while the rate is constant:
 * inside (SimCLR) v ← μv + rate·r·g', w ← w − v; outside (BYOL, MoCo v3) v ← μv + r·g', w ← w − rate·v. Its state is v.
 */
final class Lars implements Optimiser {
    private final Torch torch;
    private final OptimiserConfig config;
    private final Weights weights;
    private final StateTensor velocity;

    Lars(Torch torch, OptimiserConfig config, Weights weights) {
        this.torch = torch;
        this.config = config;
        this.weights = weights;
        this.velocity = new StateTensor("velocity", torch, weights);
    }

    @Override
    public void step(long step, double learningRate) {
        boolean inside = config.larsForm() == LarsForm.INSIDE;
        NDArray parameters = weights.parameters();
        try (NDManager scope = torch.newManager()) {
            NDArray gradient = weights.gradient();
            gradient.attach(scope);
            Clip.apply(gradient, config);
            for (Slice slice : weights.slices()) {
                if (slice.dimensions() > 1) {
                    adapt(slice.of(parameters, scope), slice.of(gradient, scope), scope);
                }
            }
            if (inside) {
                gradient.muli((float) learningRate);
            }
            velocity.values().muli((float) config.momentum()).addi(gradient);
            NDArray change = velocity.values().mul(inside ? 1f : (float) learningRate);
            change.attach(scope);
            parameters.subi(change);
        }
        weights.zeroGradient();
    }

    // one layer's gradient in place: r·(g + λw)
    private void adapt(NDArray weight, NDArray gradient, NDManager scope) {
        NDArray decay = weight.mul((float) config.weightDecay());
        decay.attach(scope);
        gradient.addi(decay);
        double ratio = ratio(length(weight), length(gradient));
        gradient.muli((float) ratio);
    }

    private double ratio(double weight, double gradient) {
        return weight > 0 && gradient > 0 ? config.trust() * weight / gradient : 1;
    }

    private static double length(NDArray values) {
        try (NDArray length = values.norm()) {
            return length.getFloat();
        }
    }

    @Override
    public Safetensors state() {
        Safetensors.Builder file = new Safetensors.Builder();
        velocity.save(file);
        return file.build();
    }

    @Override
    public void restore(Safetensors state) {
        velocity.restore(state);
    }

    @Override
    public void close() {
        velocity.close();
    }
}

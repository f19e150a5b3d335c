package org.millrace.encoder.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.WeightSpec.Initial;

/**
 * A block of {@link VisionTransformer}: x ← x + γ₁·attention(norm(x)), x ← x + γ₂·perceptron(norm(x)), with softmax(q·kᵀ/√d) attention
 * (Vaswani et al. 2017, arXiv:1706.03762, section 3.2) and the exact GELU, x·Φ(x). Immutable.
 *
 * @param name before its tensors' names, with the dot
 * @param width channels D of a token
 * @param heads of attention, each of d = D / heads channels
 * @param scaled whether there are γ₁ and γ₂, one for each channel
 */
public record TransformerBlock(String name, int width, int heads, boolean scaled) {
    private static final int EXPANSION = 4; // of the perceptron's hidden layer

    /** Channels of the perceptron's hidden layer. */
    public int hidden() {
        return EXPANSION * width;
    }

    /** Declares the block's tensors. */
    public void declare(WeightLayout layout, String prefix) {
        String block = prefix + name;
        layout.layerNorm(block + "norm1", width);
        linear(layout, block + "attn.qkv", 3 * width, width, Initial.XAVIER_OF_THIRDS);
        linear(layout, block + "attn.proj", width, width, Initial.XAVIER);
        scale(layout, block + "ls1");
        layout.layerNorm(block + "norm2", width);
        linear(layout, block + "mlp.fc1", hidden(), width, Initial.XAVIER);
        linear(layout, block + "mlp.fc2", width, hidden(), Initial.XAVIER);
        scale(layout, block + "ls2");
    }

    private static void linear(WeightLayout layout, String name, int outputs, int inputs, Initial initial) {
        layout.parameter(name + ".weight", new Shape(outputs, inputs), initial);
        layout.parameter(name + ".bias", new Shape(outputs), Initial.ZERO);
    }

    private void scale(WeightLayout layout, String name) {
        if (scaled) {
            layout.parameter(name + ".gamma", new Shape(width), Initial.LAYER_SCALE);
        }
    }

    /** x: N×T×D → the same; its memory may be overwritten where no gradient is recorded. */
    public NDArray forward(NDArray x, Tensors weights, String prefix) {
        String block = prefix + name;
        NDArray y = attention(norm(x, weights, block + "norm1"), weights, block + "attn.");
        NDArray z = Layers.sum(x, residual(y, weights, block + "ls1.gamma"));
        NDArray hidden = Layers.linear(norm(z, weights, block + "norm2"), weights, block + "mlp.fc1"); // N×T×4D
        y = Layers.linear(Activation.gelu(hidden), weights, block + "mlp.fc2");
        return Layers.sum(z, residual(y, weights, block + "ls2.gamma"));
    }

    private NDArray residual(NDArray y, Tensors weights, String name) {
        return scaled ? y.mul(weights.get(name)) : y;
    }

    private static NDArray norm(NDArray x, Tensors weights, String name) {
        return Layers.layerNorm(x, weights, name, VisionTransformer.EPSILON);
    }

    // x: N×T×D → the same
    private NDArray attention(NDArray x, Tensors weights, String name) {
        Shape shape = x.getShape();
        NDList parts = Layers.linear(x, weights, name + "qkv").split(new long[] {width, 2L * width}, 2); // N×T×D each
        NDArray queries = ofHeads(parts.get(0), shape);
        NDArray keys = ofHeads(parts.get(1), shape);
        NDArray values = ofHeads(parts.get(2), shape);
        float root = (float) (1 / Math.sqrt((double) width / heads));
        // a tensor of one dimension: in half precision the softmax then gets float32
        NDArray factor = x.getManager().create(new float[] {root}, new Shape(1));
        NDArray scores = queries.matMul(keys.transpose(0, 1, 3, 2)).mul(factor); // N×heads×T×T
        NDArray mixed = scores.softmax(3).matMul(values); // N×heads×T×d
        return Layers.linear(mixed.transpose(0, 2, 1, 3).reshape(shape), weights, name + "proj");
    }

    // N×T×D → N×heads×T×d
    private NDArray ofHeads(NDArray x, Shape shape) {
        return x.reshape(shape.get(0), shape.get(1), heads, width / heads).transpose(0, 2, 1, 3);
    }
}

package org.millrace.encoder.selftest;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.millrace.contract.config.Precision;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.TransformerBlock;
import org.millrace.encoder.network.VisionTransformer;
import org.millrace.encoder.precision.ForwardPass;
import org.millrace.encoder.tensor.Gradients;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

/**
 * A transformer's block, at the network's own number of tokens up to {@value #MOST}, against plain Java: three tokens of the second of two
 * images, and the gradient of what the block's tensors do to them. Throws {@link WrongNumberException}.
 *
 * <p>With g the gradient of a tensor, L must rise by 1 for each tensor along Σ g/‖g‖², whatever the tensors' scales: L in doubles, a little
 * before and behind, says by how much it does. A wrong gradient of one tensor is then wrong by as much in the sum.
 */
final class BlockCheck {
    private static final int MOST = 257;
    private static final int IMAGES = 2;
    private static final double OUTPUT = 1e-4; // of the largest output; seen: 1e-6
    private static final double RISE = 1e-3; // of a tensor's; seen: 1e-6
    private static final double STEP = 1e-3;
    private static final double HALF = 16; // units of half precision's roundoff, of either; seen below 2

    private final Torch torch;
    private final ForwardPass pass;
    private final Precision precision;
    private final TransformerBlock block;
    private final int tokens;
    private final double slack;
    private final int[] rows;
    private final float[] input; // IMAGES×T×D
    private final UnaryOperator<Tensors> planted;

    BlockCheck(Torch torch, ForwardPass pass, VisionTransformer network, double slack) {
        this(torch, pass, network, slack, UnaryOperator.identity());
    }

    /** @param planted what the engine computes with instead of the weights: a fault to find */
    BlockCheck(Torch torch, ForwardPass pass, VisionTransformer network, double slack, UnaryOperator<Tensors> planted) {
        this.planted = planted;
        VisionTransformer.Specification shape = network.specification();
        this.torch = torch;
        this.pass = pass;
        this.precision = torch.precision();
        TransformerBlock first = network.blocks().get(0);
        this.block = new TransformerBlock("", first.width(), first.heads(), first.scaled());
        this.tokens = Math.min(MOST, shape.tokensBefore() + shape.patches());
        this.slack = slack;
        this.rows = new int[] {0, tokens / 2, tokens - 1};
        this.input = TestValues.of(new SplittableRandom(5), IMAGES * tokens * block.width(), precision);
    }

    void run(boolean gradients) {
        WeightLayout layout = new WeightLayout();
        block.declare(layout, "");
        try (Weights weights = Weights.forTrying(torch, layout)) {
            Map<String, double[]> values = doubles(weights.snapshot(""));
            if (gradients) {
                weights.requireGradient();
                float[] slopes = TestValues.of(new SplittableRandom(6), rows.length * block.width(), precision);
                compare(Gradients.recorded(() -> output(weights, slopes)), values);
                compareRise(weights, layout, values, slopes);
            } else {
                compare(Gradients.unrecorded(() -> output(weights, new float[0])), values);
            }
        }
    }

    // IMAGES×T×D; adds the gradient of Σ slopes·(outputs at the rows of the last image) where there are slopes
    private float[] output(Weights weights, float[] slopes) {
        try (NDManager scope = torch.newManager()) {
            NDArray x = scope.create(input, new Shape(IMAGES, tokens, block.width()));
            NDArray y = pass.of(() -> block.forward(x, planted.apply(weights.tensors(scope)), ""));
            if (slopes.length > 0) {
                float[] all = new float[input.length];
                for (int i = 0; i < rows.length; i++) {
                    System.arraycopy(slopes, i * block.width(), all, at(rows[i]), block.width());
                }
                JniUtils.backward((PtNDArray) y, (PtNDArray) scope.create(all, y.getShape()), false, false);
            }
            return y.toFloatArray();
        }
    }

    private void compare(float[] got, Map<String, double[]> values) {
        double[][] want = new PlainBlock(block, values).forward(image(), rows);
        double largest = 0;
        for (double[] row : want) {
            for (double value : row) {
                largest = Math.max(largest, Math.abs(value));
            }
        }
        double tolerance = (OUTPUT * slack + (precision.isHalf() ? HALF * precision.unitRoundoff() : 0)) * largest;
        for (int i = 0; i < rows.length; i++) {
            for (int channel = 0; channel < block.width(); channel++) {
                float value = got[at(rows[i]) + channel];
                if (!(Math.abs(value - want[i][channel]) <= tolerance)) {
                    throw new WrongNumberException(String.format(
                            Locale.ROOT,
                            "a transformer's block of %d tokens of %d channels: channel %d of token %d is %.6g, and %.6g in plain Java",
                            tokens,
                            block.width(),
                            channel,
                            rows[i],
                            value,
                            want[i][channel]));
                }
            }
        }
    }

    private void compareRise(Weights weights, WeightLayout layout, Map<String, double[]> values, float[] slopes) {
        Map<String, double[]> directions = new HashMap<>();
        try (Weights place = Weights.forTrying(torch, layout);
                NDArray gradient = weights.gradient()) {
            gradient.copyTo(place.parameters());
            doubles(place.snapshot("")).forEach((name, values1) -> directions.put(name, overSquare(name, values1)));
        }
        double rise = (loss(moved(values, directions, STEP), slopes) - loss(moved(values, directions, -STEP), slopes))
                / (2 * STEP);
        int count = directions.size();
        double tolerance = RISE * slack + (precision.isHalf() ? HALF * precision.unitRoundoff() : 0);
        if (!(Math.abs(rise - count) <= tolerance * count)) {
            throw new WrongNumberException(String.format(
                    Locale.ROOT,
                    "a transformer's block of %d tokens of %d channels: along its gradients, each over its square, a loss rises by %.6g in plain Java instead of %d",
                    tokens,
                    block.width(),
                    rise,
                    count));
        }
    }

    private double[] overSquare(String name, double[] gradient) {
        double square = 0;
        for (double value : gradient) {
            square += value * value;
        }
        if (!(square > 0)) {
            throw new WrongNumberException(
                    "a transformer's block: the gradient of " + name + " is " + (square == 0 ? "zero" : "not finite"));
        }
        double[] direction = new double[gradient.length];
        for (int i = 0; i < direction.length; i++) {
            direction[i] = gradient[i] / square;
        }
        return direction;
    }

    private double loss(Map<String, double[]> values, float[] slopes) {
        double[][] outputs = new PlainBlock(block, values).forward(image(), rows);
        double loss = 0;
        for (int i = 0; i < slopes.length; i++) {
            loss += slopes[i] * outputs[i / block.width()][i % block.width()];
        }
        return loss;
    }

    private static Map<String, double[]> moved(
            Map<String, double[]> values, Map<String, double[]> directions, double by) {
        Map<String, double[]> moved = new HashMap<>();
        values.forEach((name, tensor) -> {
            double[] copy = tensor.clone();
            double[] direction = directions.getOrDefault(name, new double[copy.length]);
            for (int i = 0; i < copy.length; i++) {
                copy[i] += by * direction[i];
            }
            moved.put(name, copy);
        });
        return moved;
    }

    // where a token of the last image begins
    private int at(int token) {
        return ((IMAGES - 1) * tokens + token) * block.width();
    }

    private double[][] image() {
        double[][] image = new double[tokens][block.width()];
        for (int token = 0; token < tokens; token++) {
            for (int channel = 0; channel < block.width(); channel++) {
                image[token][channel] = input[at(token) + channel];
            }
        }
        return image;
    }

    private static Map<String, double[]> doubles(Safetensors file) {
        Map<String, double[]> doubles = new HashMap<>();
        for (String name : file.names()) {
            float[] values = file.tensor(name, file.shape(name));
            double[] wide = new double[values.length];
            for (int i = 0; i < wide.length; i++) {
                wide[i] = values[i];
            }
            doubles.put(name, wide);
        }
        return doubles;
    }
}

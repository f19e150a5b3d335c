package org.millrace.encoder.selftest;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.Precision;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.network.VisionTransformer;
import org.millrace.encoder.precision.ForwardPass;
import org.millrace.encoder.tensor.Convolution;
import org.millrace.encoder.tensor.Gradients;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

/**
 * A network's features and gradient on this machine: eight images in a batch (four large ones, and four for the gradient, which costs
 * three times as much) against each alone, every shape of convolution and a transformer's block against plain Java. Two images alternate in an order without a
 * period: two passes give what each row must be, and a row in its neighbour's place is found. Throws {@link WrongNumberException}.
 */
final class NetworkCheck {
    private static final int[] ORDER = {0, 1, 1, 0, 1, 0, 0, 1}; // Thue and Morse
    private static final int[] FEW = {0, 1, 1, 0};
    private static final int KINDS = 2; // of images
    private static final int LARGE = 128 * 128; // pixels, above which few images take as long as eight below
    private static final double SUM = 1e-4; // of the products' magnitudes; float32 is at 1e-6
    private static final double FEATURE = 1e-3; // of the largest feature; seen: 6e-6
    private static final double GRADIENT = 0.05; // of a tensor's norm: a ReLU at zero may go either way
    private static final double GPU = 20; // TF32 has 10 bits

    // in units of half precision's roundoff u: a float32 sum's last bit may round a layer's output the other way
    private static final double HALF_SUM =
            1; // oneDNN rounds a sum once; PyTorch's own kernels round partial ones: seen .25 u
    private static final double HALF_FEATURE = 16; // of up to 53 convolutions, each a u off at most; seen: 0
    private static final double HALF_GRADIENT =
            64; // the same twice, and ReLUs within u of zero; seen: 9 u, .035 in bf16

    private final Torch torch;
    private final Precision precision;
    private final ForwardPass pass;
    private final EncoderConfig config;
    private final boolean gradients;
    private final double slack;
    private final Backbone network;
    private final float[][] images;
    private final int[] order;

    NetworkCheck(Torch torch, EncoderConfig config, boolean gradients) {
        this.torch = torch;
        this.precision = torch.precision();
        this.pass = new ForwardPass(torch);
        this.config = config;
        this.gradients = gradients;
        this.slack = torch.isGpu() ? GPU : 1;
        this.network = Backbone.of(config);
        var random = new SplittableRandom(3);
        int size = config.channels() * config.height() * config.width();
        this.order = config.height() * config.width() > LARGE ? FEW : ORDER;
        this.images = new float[][] {TestValues.of(random, size, precision), TestValues.of(random, size, precision)};
    }

    void run() {
        if (network instanceof VisionTransformer transformer) {
            new BlockCheck(torch, pass, transformer, slack).run(gradients);
        }
        try (Weights weights = Weights.forTrying(torch, network.layout())) {
            float[] batch = Gradients.unrecorded(() -> checked(weights));
            if (gradients) {
                weights.requireGradient();
                compareFeatures(batch, Gradients.recorded(() -> compareGradients(weights)));
            } else {
                compareFeatures(batch, Gradients.unrecorded(() -> alone(weights)));
            }
        }
    }

    private float[] checked(Weights weights) {
        double sum = SUM * slack + (precision.isHalf() ? HALF_SUM * precision.unitRoundoff() : 0);
        return features(weights, new CheckedConvolution(torch, pass, gradients, sum), order);
    }

    private float[][] alone(Weights weights) {
        return new float[][] {features(weights, torch.convolution(), 0), features(weights, torch.convolution(), 1)};
    }

    private void compareFeatures(float[] batch, float[][] alone) {
        double tolerance = precision.isHalf() ? HALF_FEATURE * precision.unitRoundoff() : FEATURE * slack;
        int length = network.features();
        for (int row = 0; row < order.length; row++) {
            float[] want = alone[order[row]];
            double largest = 0;
            for (float value : want) {
                largest = Math.max(largest, Math.abs(value));
            }
            for (int i = 0; i < length; i++) {
                float got = batch[row * length + i];
                if (!(Math.abs(got - want[i]) <= tolerance * largest)) {
                    throw new WrongNumberException(String.format(
                            Locale.ROOT,
                            "feature %d of image %d in a batch of %d is %.6g, and %.6g where it is alone",
                            i,
                            row,
                            order.length,
                            got,
                            want[i]));
                }
            }
        }
    }

    // Σₙ gₙ·fₙ has one gradient, whether the images are together or each alone; returns the features of each alone
    private float[][] compareGradients(Weights weights) {
        int length = network.features();
        double tolerance = precision.isHalf() ? HALF_GRADIENT * precision.unitRoundoff() : GRADIENT * slack;
        float[] slopes = TestValues.of(new SplittableRandom(4), FEW.length * length, precision);
        float[][] sums = new float[KINDS][length];
        for (int i = 0; i < slopes.length; i++) {
            sums[FEW[i / length]][i % length] += slopes[i];
        }
        backward(weights, slopes, FEW);
        float[] got = gradient(weights);
        weights.zeroGradient();
        float[][] alone = {backward(weights, sums[0], 0), backward(weights, sums[1], 1)};
        float[] want = gradient(weights);
        List<Weights.Slice> slices = weights.slices();
        for (int tensor = 0; tensor < slices.size(); tensor++) {
            double difference = 0;
            double norm = 0;
            for (int i = (int) slices.get(tensor).from(); i < slices.get(tensor).to(); i++) {
                double distance = got[i] - want[i];
                difference += distance * distance;
                norm += (double) want[i] * want[i];
            }
            if (!(Math.sqrt(difference) <= tolerance * Math.sqrt(norm) + Float.MIN_NORMAL)) {
                throw new WrongNumberException(String.format(
                        Locale.ROOT,
                        "the gradient of parameter tensor %d of %d from a batch of %d is %.6g away from that of the images"
                                + " alone, whose norm is %.6g",
                        tensor,
                        slices.size(),
                        FEW.length,
                        Math.sqrt(difference),
                        Math.sqrt(norm)));
            }
        }
        return alone;
    }

    private float[] features(Weights weights, Convolution convolution, int... rows) {
        try (NDManager scope = torch.newManager()) {
            Tensors tensors = new Tensors(weights.tensors(scope).named(), convolution);
            return pass.of(() -> network.forward(batch(scope, rows), tensors, "", BatchNormMode.EVALUATION))
                    .toFloatArray(); // N×D
        }
    }

    /** Adds to the weights' gradient; returns the features. */
    private float[] backward(Weights weights, float[] slopes, int... rows) {
        try (NDManager scope = torch.newManager()) {
            Tensors tensors = weights.tensors(scope);
            NDArray features =
                    pass.of(() -> network.forward(batch(scope, rows), tensors, "", BatchNormMode.EVALUATION));
            NDArray slope = scope.create(slopes, features.getShape());
            JniUtils.backward((PtNDArray) features, (PtNDArray) slope, false, false);
            return features.toFloatArray();
        }
    }

    private static float[] gradient(Weights weights) {
        try (NDArray gradient = weights.gradient()) {
            return gradient.toFloatArray();
        }
    }

    // N×C×H×W, its channels together
    private NDArray batch(NDManager scope, int... rows) {
        int size = images[0].length;
        float[] values = new float[rows.length * size];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(images[rows[i]], 0, values, i * size, size);
        }
        return scope.create(values, new Shape(rows.length, config.height(), config.width(), config.channels()))
                .transpose(0, 3, 1, 2);
    }
}

package org.millrace.encoder.classifier;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.network.Head;
import org.millrace.encoder.optimiser.Optimiser;
import org.millrace.encoder.optimiser.OptimiserRule;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.selftest.SelfTest.Use;
import org.millrace.encoder.tensor.Gradients;
import org.millrace.encoder.tensor.Scaled;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

/**
 * A network that learns classes by cross-entropy: a head on given features, or an encoder and a head trained together. The same steps
 * give the same weights to the bit. Used by one thread at a time; the owner closes it.
 */
public final class Classifier implements AutoCloseable {
    private static final String ENCODER = "encoder.";
    private static final String HEAD = "head.";

    private final Torch torch;
    private final Input input;
    private final Head head;
    private final Weights weights;
    private final Optimiser optimiser;
    private long steps;
    private ByteBuffer batch = ByteBuffer.allocateDirect(0);

    private Classifier(Torch torch, Input input, Head head, OptimiserRule rule, long seed) {
        this.torch = torch;
        this.input = input;
        this.head = head;
        WeightLayout layout = new WeightLayout();
        input.encoder().ifPresent(encoder -> encoder.declare(layout, ENCODER));
        head.declare(layout, HEAD, input.features());
        this.weights = Weights.initialised(torch, layout, seed).requireGradient();
        head.initialise(weights, HEAD, input.features(), seed);
        this.optimiser = rule.newOptimiser(torch, weights);
    }

    /** A head on feature vectors of length {@code features}. */
    public static Classifier onFeatures(Torch torch, int features, Head head, OptimiserRule rule, long seed) {
        return new Classifier(torch, Input.features(features), head, rule, seed);
    }

    /** An encoder and a head trained together, both from random weights. */
    public static Classifier onImages(Torch torch, EncoderConfig config, Head head, OptimiserRule rule, long seed) {
        return new Classifier(SelfTest.passed(torch, config, Use.TRAINING), Input.images(config), head, rule, seed);
    }

    /**
     * Replaces the encoder's random weights; throws {@link IllegalArgumentException} where they do not fit, and
     * where there is no encoder.
     */
    public void startFrom(Safetensors encoder) {
        if (input.encoder().isEmpty()) {
            throw new IllegalArgumentException("a classifier of features has no encoder that could take weights");
        }
        weights.read(ENCODER, encoder);
    }

    /**
     * Learns from one batch.
     *
     * @param inputs one after the other: feature vectors, or images as {@link ImageInputs} makes them
     * @param labels one for each, 0 to C−1; two or more
     * @param dropout source of the head's dropout
     * @return the mean cross-entropy before the step
     */
    public double step(float[] inputs, int[] labels, double rate, RandomGenerator dropout) {
        return Gradients.unrecorded(() -> learnt(inputs, labels, rate, dropout));
    }

    private double learnt(float[] inputs, int[] labels, double rate, RandomGenerator dropout) {
        try (NDManager scope = torch.newManager()) {
            NDArray x = tensor(inputs, labels.length, scope);
            NDArray targets = scope.create(oneHot(labels), new Shape(labels.length, head.classes())); // N×C
            double value = Gradients.recorded(() -> {
                NDArray logits = forward(x, weights.tensors(scope), Optional.of(dropout)); // N×C
                NDArray loss = Scaled.over(logits.logSoftmax(1).mul(targets).sum(), -labels.length);
                Gradients.backward(loss);
                return loss.getFloat();
            });
            optimiser.step(++steps, rate);
            return value;
        }
    }

    /** Logits of the inputs, N×C row by row; batch norm uses the running statistics. */
    public float[] logits(float[] inputs) {
        return Gradients.unrecorded(() -> {
            try (NDManager scope = torch.newManager()) {
                int count = Math.toIntExact(inputs.length / input.size());
                return forward(tensor(inputs, count, scope), weights.tensors(scope), Optional.empty())
                        .toFloatArray();
            }
        });
    }

    @Override
    public void close() {
        optimiser.close();
        weights.close();
    }

    private NDArray forward(NDArray x, Tensors tensors, Optional<RandomGenerator> dropout) {
        NDArray features = input.encoder().isPresent()
                ? input.encoder().get().forward(x, tensors, ENCODER, BatchNormMode.of(dropout.isPresent()))
                : x; // N×D
        return head.forward(features, tensors, HEAD, dropout);
    }

    /** A tensor over the memory of a buffer that the next batch reuses. */
    private NDArray tensor(float[] inputs, int count, NDManager scope) {
        if (inputs.length != count * input.size()) {
            throw new IllegalArgumentException(
                    count + " inputs must have " + count * input.size() + " values, but had " + inputs.length);
        }
        int bytes = Math.multiplyExact(inputs.length, Float.BYTES);
        if (batch.capacity() < bytes) {
            batch = ByteBuffer.allocateDirect(bytes);
        }
        ByteBuffer values = batch.duplicate().order(ByteOrder.nativeOrder()).limit(bytes);
        values.asFloatBuffer().put(inputs);
        return input.shaped(scope.create(values, input.shape(count), DataType.FLOAT32));
    }

    private float[] oneHot(int[] labels) {
        float[] values = new float[labels.length * head.classes()];
        for (int i = 0; i < labels.length; i++) {
            values[i * head.classes() + labels[i]] = 1;
        }
        return values;
    }
}

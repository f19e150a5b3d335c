package org.millrace.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.InputTransform;
import org.millrace.encoder.image.Pixels;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.precision.ForwardPass;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.selftest.SelfTest.Use;
import org.millrace.encoder.tensor.Gradients;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

/**
 * An encoder whose weights do not change, with batch norm in evaluation mode. It computes in the engine's precision; its features are float32.
 * Used by one thread at a time; the owner closes it.
 */
public final class FrozenEncoder implements AutoCloseable {
    private final EncoderConfig config;
    private final Torch torch;
    private final Backbone network;
    private final Weights weights;
    private final Optional<MatchingMaps> matching;
    private final ForwardPass pass;
    private final ImageDecoder decoder;
    private final InputTransform transform;

    /** An encoder with its own decoder, for images of any size that can be decoded. */
    public FrozenEncoder(Torch torch, EncoderConfig config, Safetensors file) {
        this(torch, config, file, new ImageDecoder(config.channels()));
    }

    /**
     * Throws {@link IllegalArgumentException} where the file does not fit the architecture or has a value that is not finite, and {@link
     * UserException} where this machine computes the network wrongly.
     *
     * @param decoder of the same number of channels, not shared
     */
    public FrozenEncoder(Torch torch, EncoderConfig config, Safetensors file, ImageDecoder decoder) {
        this.config = config;
        this.torch = SelfTest.passed(torch, config, Use.EMBEDDING);
        this.pass = new ForwardPass(this.torch);
        this.network = Backbone.of(config);
        this.decoder = decoder;
        this.transform = new InputTransform(config);
        this.weights = Weights.initialised(this.torch, network.layout(), 0);
        try {
            weights.read(file);
            this.matching = MatchingMaps.of(network, this.torch, file);
        } catch (IllegalArgumentException e) {
            weights.close();
            throw e;
        }
    }

    /** Length D of a feature vector. */
    public int features() {
        return network.features();
    }

    /** Features of N encoded images, N×D row by row, all finite; throws {@link UserException} where one is not. */
    public float[] embed(List<byte[]> files) throws UndecodableImageException {
        ByteBuffer input = input(files.size());
        FloatBuffer floats = input.asFloatBuffer();
        for (byte[] file : files) {
            Pixels pixels = decoder.decode(file);
            transform.apply(pixels, floats);
        }
        return forward(input, files.size());
    }

    /** Features of images that are scaled already ({@link InputTransform#scale}), each C×H×W in [0, 1]; as {@link #embed}. */
    public float[] embedScaled(List<float[]> images) {
        ByteBuffer input = input(images.size());
        FloatBuffer floats = input.asFloatBuffer();
        images.forEach(image -> InputTransform.putNormalised(config, image, floats));
        return forward(input, images.size());
    }

    /**
     * How well the whole of the first of such images predicts each place of all of them, as AMDIM scores it: f₁ᵀφ₇(f₇)/√D at 7×7 places of
     * 8×8 pixels, 4 pixels apart, row by row from the top left; a row of 49 for each image. Empty for other networks, and where the file lacks φ₇,
     * as an exported one does.
     */
    public Optional<List<float[]>> matchingMaps(List<float[]> images) {
        return matching.map(maps -> {
            ByteBuffer input = input(images.size());
            FloatBuffer floats = input.asFloatBuffer();
            images.forEach(image -> InputTransform.putNormalised(config, image, floats));
            float[] scores = Gradients.unrecorded(() -> matched(maps, input, images.size()));
            int places = scores.length / images.size();
            return IntStream.range(0, images.size())
                    .mapToObj(image -> Arrays.copyOfRange(scores, image * places, (image + 1) * places))
                    .toList();
        });
    }

    private float[] matched(MatchingMaps maps, ByteBuffer input, int count) {
        try (NDManager scope = torch.newManager()) {
            NDArray images = tensor(input, count, scope);
            Tensors tensors = weights.tensors(scope);
            float[] scores = pass.of(() -> maps.scores(images, tensors, scope)).toFloatArray(); // N×49
            for (int i = 0; i < scores.length; i++) {
                scores[i] = (float) (scores[i] / maps.root());
            }
            return scores;
        }
    }

    /** The first feature of such images that is not finite, in words. */
    Optional<String> firstNotFinite(List<float[]> images) {
        ByteBuffer input = input(images.size());
        FloatBuffer floats = input.asFloatBuffer();
        images.forEach(image -> InputTransform.putNormalised(config, image, floats));
        return notFinite(features(input, images.size()));
    }

    private ByteBuffer input(int images) {
        int imageSize = config.channels() * config.height() * config.width();
        return ByteBuffer.allocateDirect(images * imageSize * Float.BYTES).order(ByteOrder.nativeOrder());
    }

    private float[] forward(ByteBuffer input, int count) {
        float[] features = features(input, count);
        notFinite(features).ifPresent(wrong -> {
            throw new UserException("this encoder's features are not finite: " + wrong
                    + ". Its training diverged, or its weights are damaged. Take an encoder of an earlier step.");
        });
        return features;
    }

    private float[] features(ByteBuffer input, int count) {
        return Gradients.unrecorded(() -> computed(input, count));
    }

    private float[] computed(ByteBuffer input, int count) {
        try (NDManager scope = torch.newManager()) {
            NDArray images = tensor(input, count, scope);
            Tensors tensors = weights.tensors(scope);
            return pass.of(() -> network.forward(images, tensors, "", BatchNormMode.EVALUATION))
                    .toFloatArray(); // N×D
        }
    }

    // N×C×H×W over the buffer's own memory
    private NDArray tensor(ByteBuffer input, int count, NDManager scope) {
        Shape shape = new Shape(count, config.height(), config.width(), config.channels());
        return scope.create(input, shape, DataType.FLOAT32).transpose(0, 3, 1, 2);
    }

    private Optional<String> notFinite(float[] features) {
        for (int i = 0; i < features.length; i++) {
            if (!Float.isFinite(features[i])) {
                return Optional.of("feature " + i % features() + " of an image is " + features[i]);
            }
        }
        return Optional.empty();
    }

    @Override
    public void close() {
        matching.ifPresent(MatchingMaps::close);
        weights.close();
    }
}

package org.millrace.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.InputTransform;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.tensor.Convolution;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

/** The engine on one thread, and networks with fresh weights. */
public final class TestEncoders {
    private TestEncoders() {}

    /** Without oneDNN's 1×1 convolutions, which end the process on some machines: a test would not come back from them. */
    public static Torch torch() {
        return Torch.start(config().run()).with(Convolution.MATRIX_FOR_POINTS);
    }

    public static MillraceConfig config(String... assignments) {
        List<String> all = new ArrayList<>(List.of("run.threads=1")); // so small that a second thread would only wait
        all.addAll(List.of(assignments));
        return new ConfigLoader().assignments(all).load();
    }

    public static EncoderConfig encoder(String architecture, String stem, int side, int channels) {
        return config(
                        "encoder.architecture=" + architecture,
                        "encoder.stem=" + stem,
                        "encoder.height=" + side,
                        "encoder.width=" + side,
                        "encoder.channels=" + channels)
                .encoder();
    }

    /** AMDIM's encoder of 4 channels and 24 features, two layers in a block. */
    public static EncoderConfig amdim(int channels) {
        return config(
                        "trainer.objective=amdim",
                        "encoder.architecture=amdim",
                        "encoder.amdim-channels=4",
                        "encoder.amdim-features=24",
                        "encoder.amdim-depth=2",
                        "encoder.channels=" + channels)
                .encoder();
    }

    /** The result of the work on a thread made for it, on which PyTorch records gradients as on every new one. */
    public static <T> T onNewThread(Callable<T> work) {
        FutureTask<T> task = new FutureTask<>(work);
        new Thread(task).start();
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    public static Weights weights(EncoderConfig config, long seed) {
        WeightLayout layout = new WeightLayout();
        Backbone.of(config).declare(layout, "");
        return Weights.initialised(torch(), layout, seed);
    }

    /**
     * Weights of an encoder as training leaves them: scales and shifts of batch norm away from 1 and 0, and running statistics of these
     * images, which the network has seen a few times.
     */
    public static Safetensors settled(EncoderConfig config, List<byte[]> images, long seed) {
        System.out.println("seed " + seed);
        try (Weights weights = weights(config, seed);
                NDManager scope = torch().newManager()) {
            weights.read(shaken(weights.snapshot(""), seed));
            ImageDecoder decoder = new ImageDecoder(config.channels());
            InputTransform transform = new InputTransform(config);
            FloatBuffer batch =
                    FloatBuffer.allocate(images.size() * config.channels() * config.height() * config.width());
            for (byte[] image : images) {
                transform.apply(decoder.decode(image), batch);
            }
            Shape shape = new Shape(images.size(), config.height(), config.width(), config.channels());
            NDArray input = scope.create(batch.array(), shape).transpose(0, 3, 1, 2); // N×C×H×W
            for (int pass = 0; pass < 8; pass++) {
                try (NDManager activations = scope.newSubManager()) {
                    Backbone.of(config).forward(input, weights.tensors(activations), "", BatchNormMode.TRAINING);
                }
            }
            return weights.snapshot("");
        } catch (UndecodableImageException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static Safetensors shaken(Safetensors weights, long seed) {
        CounterRandom random = CounterRandom.of(seed, 1, CounterRandom.Purpose.WEIGHTS, 0);
        Safetensors.Builder shaken = new Safetensors.Builder();
        for (String name : weights.names()) {
            float[] values = weights.tensor(name, weights.shape(name)).clone();
            boolean ofBatchNorm = weights.shape(name).length == 1 && !name.contains("running");
            for (int i = 0; ofBatchNorm && i < values.length; i++) {
                values[i] += (float) random.nextDouble(-0.5, 0.5);
            }
            shaken.add(name, weights.shape(name), values);
        }
        return shaken.build();
    }
}

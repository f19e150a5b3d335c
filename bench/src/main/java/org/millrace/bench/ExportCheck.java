package org.millrace.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.millrace.app.export.EncoderExport;
import org.millrace.app.export.Evaluations;
import org.millrace.app.export.ExportFormat;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.FrozenEncoder;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.InputTransform;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.onnx.OnnxModel;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.gate.GateContent;
import org.millrace.trainer.objective.Objective;
import org.millrace.trainer.stream.ReplayContent;

/**
 * Exports encoders in both formats and embeds real images with them, for other programs to compare: {@code bench/run export-check
 * IMAGES.tar FOLDER [COUNT]}, then {@code /usr/bin/python3 bench/pytorch/check_export.py FOLDER}. The weights are random, but batch
 * norm's scales, shifts and statistics are moved away from their first values. onnxruntime, and each image alone, are compared with here.
 *
 * <p>About two minutes for 16 images on 2 cores. Expect differences of a few 1e-6, where the largest feature is about 4.
 */
final class ExportCheck {
    private static final int DEFAULT_COUNT = 16;
    private static final int PASSES = 5;
    /** Features of the images, each a batch of its own. */
    private static final String ALONE = "alone";

    private final MillraceConfig config;
    private final Torch torch;
    private final String name;

    private ExportCheck(MillraceConfig config) {
        this.config = config;
        this.torch = Torch.start(config.run());
        this.name =
                config.encoder().architecture().key() + "-" + config.encoder().height();
    }

    public static void main(String[] arguments) throws Exception {
        Path folder = Files.createDirectories(Path.of(arguments[1]));
        int count = arguments.length > 2 ? Integer.parseInt(arguments[2]) : DEFAULT_COUNT;
        List<byte[]> images = images(Path.of(arguments[0]), count);
        new ExportCheck(config("resnet20", "cifar", 32)).run(images, folder);
        new ExportCheck(config("resnet18", "imagenet", 64)).run(images, folder);
        new ExportCheck(config("resnet50", "imagenet", 64)).run(images, folder);
        new ExportCheck(config("vit-tiny", "cifar", 32)).run(images, folder);
        new ExportCheck(config(
                        "vit-small",
                        "cifar",
                        56,
                        "encoder.patch=14",
                        "encoder.registers=4",
                        "encoder.layer-scale=true",
                        "encoder.pool=mean"))
                .run(images, folder);
        new ExportCheck(config("resnet18", "imagenet", 224)).run(images, folder);
        new ExportCheck(config("resnet50", "imagenet", 224)).run(images, folder);
    }

    private void run(List<byte[]> images, Path folder) throws Exception {
        EncoderConfig encoder = config.encoder();
        float[] input = input(images);
        Path weights = folder.resolve(name + ".safetensors");
        Path model = folder.resolve(name + ".onnx");
        EncoderExport export = EncoderExport.of(checkpoint(settled(input, images.size())));
        Evaluations none = Evaluations.unread("a check, not a run.");
        export.write(weights, ExportFormat.SAFETENSORS, none, Clock.systemUTC());
        export.write(model, ExportFormat.ONNX, none, Clock.systemUTC());

        float[] features;
        float[] alone;
        try (var frozen = new FrozenEncoder(torch, encoder, Safetensors.parse(Files.readAllBytes(weights)))) {
            features = frozen.embed(images);
            alone = new float[features.length];
            for (int i = 0; i < images.size(); i++) {
                float[] one = frozen.embed(List.of(images.get(i)));
                System.arraycopy(one, 0, alone, i * one.length, one.length);
            }
        }
        long[] shape = {images.size(), encoder.channels(), encoder.height(), encoder.width()};
        Safetensors pairs = new Safetensors.Builder()
                .add(OnnxModel.INPUT, shape, input)
                .add(OnnxModel.OUTPUT, new long[] {images.size(), features.length / images.size()}, features)
                .add(ALONE, new long[] {images.size(), features.length / images.size()}, alone)
                .build();
        Files.write(folder.resolve(name + ".pairs"), pairs.toBytes());
        compare("each image alone", features, alone);
        compare("onnxruntime", features, onnxruntime(model, input, shape));
    }

    private void compare(String what, float[] ours, float[] theirs) {
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < ours.length; i++) {
            largest = Math.max(largest, Math.abs(ours[i]));
            difference = Math.max(difference, Math.abs(ours[i] - theirs[i]));
        }
        System.out.println(String.format(
                Locale.ROOT,
                "%s: %s differs by %.2e at most; the largest of %d features is %.2f",
                name,
                what,
                difference,
                ours.length,
                largest));
    }

    private static float[] onnxruntime(Path model, float[] input, long[] shape) throws OrtException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession session = environment.createSession(model.toString());
                OnnxTensor images = OnnxTensor.createTensor(environment, FloatBuffer.wrap(input), shape);
                OrtSession.Result result = session.run(Map.of(OnnxModel.INPUT, images))) {
            FloatBuffer values = ((OnnxTensor) result.get(0)).getFloatBuffer();
            float[] features = new float[values.remaining()];
            values.get(features);
            return features;
        }
    }

    // batch norm sees the images a few times, between scales and shifts that are not 1 and 0
    private Safetensors settled(float[] input, int count) {
        EncoderConfig encoder = config.encoder();
        Backbone network = Backbone.of(encoder);
        WeightLayout layout = new WeightLayout();
        network.declare(layout, Objective.ENCODER);
        try (Weights weights = Weights.initialised(torch, layout, config.run().seed());
                NDManager scope = torch.newManager()) {
            weights.read(shaken(weights.snapshot("")));
            Shape shape = new Shape(count, encoder.channels(), encoder.height(), encoder.width());
            NDArray images = scope.create(input, shape);
            for (int pass = 0; pass < PASSES; pass++) {
                try (NDManager activations = scope.newSubManager()) {
                    network.forward(images, weights.tensors(activations), Objective.ENCODER, BatchNormMode.TRAINING);
                }
            }
            return weights.snapshot("");
        }
    }

    private Safetensors shaken(Safetensors weights) {
        var random = CounterRandom.of(config.run().seed(), 1, CounterRandom.Purpose.WEIGHTS, 0);
        Safetensors.Builder shaken = new Safetensors.Builder();
        for (String tensor : weights.names()) {
            float[] values = weights.tensor(tensor, weights.shape(tensor)).clone();
            boolean ofBatchNorm = weights.shape(tensor).length == 1 && !tensor.contains("running");
            for (int i = 0; ofBatchNorm && i < values.length; i++) {
                values[i] += (float) random.nextDouble(-0.5, 0.5);
            }
            shaken.add(tensor, weights.shape(tensor), values);
        }
        return shaken.build();
    }

    private Checkpoint checkpoint(Safetensors query) {
        RunState state = new RunState(
                RunState.SCHEMA,
                "export-check",
                PASSES,
                Map.of(),
                Map.of(),
                new LogIdentity("none", "none"),
                0,
                0,
                0,
                0,
                0,
                Optional.empty(),
                List.of(),
                torch.description(),
                ConfigLoader.effective(config),
                RunState.digest(ConfigLoader.effective(config)),
                0,
                Map.of());
        return new Checkpoint(state, query, query, query, ReplayContent.EMPTY, GateContent.EMPTY);
    }

    /** N×C×H×W, what {@link FrozenEncoder} makes of the images. */
    private float[] input(List<byte[]> images) throws UndecodableImageException {
        EncoderConfig encoder = config.encoder();
        int plane = encoder.height() * encoder.width();
        int channels = encoder.channels();
        ImageDecoder decoder = new ImageDecoder(channels);
        InputTransform transform = new InputTransform(encoder);
        float[] input = new float[images.size() * channels * plane];
        for (int n = 0; n < images.size(); n++) {
            FloatBuffer together = FloatBuffer.allocate(channels * plane); // H×W×C
            transform.apply(decoder.decode(images.get(n)), together);
            for (int i = 0; i < channels * plane; i++) {
                input[(n * channels + i % channels) * plane + i / channels] = together.get(i);
            }
        }
        return input;
    }

    private static List<byte[]> images(Path tar, int count) throws IOException {
        List<byte[]> images = new ArrayList<>();
        try (var in = new TarArchiveInputStream(Files.newInputStream(tar))) {
            for (var entry = in.getNextEntry(); entry != null && images.size() < count; entry = in.getNextEntry()) {
                if (entry.isFile()) {
                    images.add(in.readAllBytes());
                }
            }
        }
        return images;
    }

    private static MillraceConfig config(String architecture, String stem, int side, String... further) {
        return new ConfigLoader()
                .assignments(List.of(
                        "encoder.architecture=" + architecture,
                        "encoder.stem=" + stem,
                        "encoder.height=" + side,
                        "encoder.width=" + side,
                        "encoder.mean=0.485,0.456,0.406",
                        "encoder.standard-deviation=0.229,0.224,0.225"))
                .assignments(List.of(further))
                .load();
    }
}

package org.millrace.encoder.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.FrozenEncoder;
import org.millrace.encoder.TestEncoders;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.InputTransform;
import org.millrace.encoder.image.SampleImages;
import org.millrace.encoder.image.UndecodableImageException;

/** Models in onnxruntime against our own networks, on real images. */
final class OnnxModelTest {
    private static final float TOLERANCE = 1e-4f;
    private static final int IMAGES = 5;
    private static final long SEED = 17;

    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();

    @ParameterizedTest
    @CsvSource({
        "resnet20, cifar, 32, 32, 3, batch",
        "resnet20, cifar, 28, 28, 1, batch",
        "resnet20, cifar, 40, 24, 3, batch",
        "resnet18, cifar, 32, 32, 3, batch",
        "resnet18, imagenet, 40, 40, 3, batch",
        "resnet18, imagenet, 75, 49, 1, batch",
        "resnet34, cifar, 16, 16, 3, batch",
        "resnet50, imagenet, 40, 40, 3, batch",
        "resnet20, cifar, 28, 28, 1, group",
        "resnet18, imagenet, 75, 49, 3, group",
        "vit-tiny encoder.patch=8, cifar, 32, 32, 3, batch",
        "vit-tiny encoder.patch=8 encoder.pool=mean encoder.registers=4 encoder.layer-scale=true, cifar, 24, 40, 1, batch",
        "vit-tiny encoder.patch=14 encoder.positions=sine encoder.patch-projection=frozen encoder.heads=6, cifar, 28, 28, 3, batch",
    })
    void of_everyArchitectureAndStem_sameFeaturesInOnnxruntime(
            String architecture, String stem, int height, int width, int channels, String norm) throws Exception {
        EncoderConfig config = config(architecture, stem, height, width, channels, norm);
        List<byte[]> images = SampleImages.first(IMAGES);
        Safetensors weights = TestEncoders.settled(config, SampleImages.first(8), SEED);
        float[] ours;
        try (FrozenEncoder encoder = new FrozenEncoder(TestEncoders.torch(), config, weights)) {
            ours = encoder.embed(images);
        }
        float[] input = input(config, images);
        int imageSize = input.length / IMAGES;
        int features = ours.length / IMAGES;
        try (OrtSession session = session(OnnxModel.of(config, weights, Map.of()))) {
            float[] theirs = run(session, config, input);
            System.out.println("largest difference " + largestDifference(ours, theirs));
            assertThat(theirs).containsExactly(ours, within(TOLERANCE));
            assertThat(run(session, config, Arrays.copyOf(input, imageSize)))
                    .as("a batch of one")
                    .containsExactly(Arrays.copyOf(ours, features), within(TOLERANCE));
        }
        float[] weights2 = adapterWeights(features);
        float[] offset = {0.5f, -2, 3};
        try (OrtSession session =
                session(OnnxAdapter.append(OnnxModel.of(config, weights, Map.of()), weights2, offset))) {
            float[] mapped = run(session, config, input);
            assertThat(mapped).hasSize(IMAGES * offset.length);
            for (int i = 0; i < mapped.length; i++) {
                double sum = offset[i % offset.length];
                for (int d = 0; d < features; d++) {
                    sum += (double) ours[i / offset.length * features + d]
                            * weights2[d * offset.length + i % offset.length];
                }
                assertThat((double) mapped[i]).as("adapted").isCloseTo(sum, within(10.0 * TOLERANCE));
            }
        }
        float[] first = Arrays.copyOf(ours, features);
        float[] second = Arrays.copyOfRange(ours, features, 2 * features);
        assertThat(largestDifference(first, second))
                .as("different images have different features")
                .isGreaterThan(100 * TOLERANCE);
    }

    private static float[] adapterWeights(int features) {
        float[] weights = new float[features * 3];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) Math.sin(i) / 8;
        }
        return weights;
    }

    @Test
    void append_ofAnAdapterOfAnotherWidth_isRefused() {
        EncoderConfig config = config("resnet20", "cifar", 32, 32, 3, "batch");
        byte[] model = OnnxModel.of(config, TestEncoders.settled(config, SampleImages.first(8), SEED), Map.of());
        assertThatThrownBy(() -> OnnxAdapter.append(model, new float[5 * 3], new float[3]))
                .hasMessageContaining("an adapter of 5 features cannot follow an encoder of 64");
    }

    @Test
    void of_resnet_namesShapesAndMetadataAsPromised() throws Exception {
        EncoderConfig config = config("resnet18", "imagenet", 64, 48, 3);
        Safetensors weights = TestEncoders.settled(config, SampleImages.first(4), SEED);
        byte[] model = OnnxModel.of(config, weights, Map.of("millrace.run", "main"));
        ModelProto parsed = ModelProto.parseFrom(model);
        assertThat(parsed.getOpsetImport(0).getVersion()).isGreaterThanOrEqualTo(13);
        assertThat(parsed.getGraph().getInitializerList())
                .extracting(tensor -> tensor.getName())
                .containsExactlyInAnyOrderElementsOf(weights.names());
        try (OrtSession session = session(model)) {
            assertThat(tensor(session.getInputInfo(), "images").getShape()).containsExactly(-1, 3, 64, 48);
            assertThat(tensor(session.getInputInfo(), "images").type).isEqualTo(OnnxJavaType.FLOAT);
            assertThat(tensor(session.getOutputInfo(), "features").getShape()).containsExactly(-1, 512);
            assertThat(session.getMetadata().getCustomMetadata()).containsExactly(Map.entry("millrace.run", "main"));
            assertThat(session.getMetadata().getProducerName()).isEqualTo("millrace");
        }
    }

    @Test
    void of_amdim_saysWhatFormatThereIs() {
        Safetensors weights = new Safetensors.Builder().build();
        assertThatThrownBy(() -> OnnxModel.of(TestEncoders.amdim(3), weights, Map.of()))
                .isInstanceOf(UserException.class)
                .hasMessage("an amdim encoder cannot be written as ONNX yet; --format safetensors can");
    }

    @Test
    void of_weightsOfAnotherNetwork_saysWhatDoesNotFit() {
        EncoderConfig config = config("resnet20", "cifar", 32, 32, 3);
        Safetensors grey = TestEncoders.settled(config("resnet20", "cifar", 32, 32, 1), SampleImages.first(4), SEED);
        assertThatThrownBy(() -> OnnxModel.of(config, grey, Map.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tensor conv1.weight must have the shape [16, 3, 3, 3], but has [16, 1, 3, 3]");
    }

    private static float largestDifference(float[] one, float[] other) {
        float largest = 0;
        for (int i = 0; i < one.length; i++) {
            largest = Math.max(largest, Math.abs(one[i] - other[i]));
        }
        return largest;
    }

    private OrtSession session(byte[] model) throws OrtException {
        try (var options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            return environment.createSession(model, options);
        }
    }

    private float[] run(OrtSession session, EncoderConfig config, float[] input) throws OrtException {
        long size = (long) config.channels() * config.height() * config.width();
        long[] shape = {input.length / size, config.channels(), config.height(), config.width()};
        try (OnnxTensor images = OnnxTensor.createTensor(environment, FloatBuffer.wrap(input), shape);
                OrtSession.Result result = session.run(Map.of(OnnxModel.INPUT, images))) {
            OnnxTensor features = (OnnxTensor) result.get(OnnxModel.OUTPUT).orElseThrow();
            FloatBuffer values = features.getFloatBuffer();
            float[] copy = new float[values.remaining()];
            values.get(copy);
            return copy;
        }
    }

    /** N×C×H×W as the frozen encoder makes it, whose channels lie together. */
    private static float[] input(EncoderConfig config, List<byte[]> images) throws UndecodableImageException {
        int plane = config.height() * config.width();
        int size = config.channels() * plane;
        ImageDecoder decoder = new ImageDecoder(config.channels());
        InputTransform transform = new InputTransform(config);
        float[] input = new float[images.size() * size];
        for (int n = 0; n < images.size(); n++) {
            FloatBuffer together = FloatBuffer.allocate(size);
            transform.apply(decoder.decode(images.get(n)), together);
            for (int i = 0; i < size; i++) {
                input[n * size + i % config.channels() * plane + i / config.channels()] = together.get(i);
            }
        }
        return input;
    }

    private static TensorInfo tensor(Map<String, NodeInfo> all, String name) {
        NodeInfo info = all.get(name);
        assertThat(info).as(name).isNotNull();
        return (TensorInfo) java.util.Objects.requireNonNull(info).getInfo();
    }

    private static EncoderConfig config(String architecture, String stem, int height, int width, int channels) {
        return config(architecture, stem, height, width, channels, "batch");
    }

    private static EncoderConfig config(
            String architecture, String stem, int height, int width, int channels, String norm) {
        List<String> all = new ArrayList<>(List.of(("encoder.architecture=" + architecture).split(" ", -1)));
        all.addAll(List.of(
                "encoder.stem=" + stem,
                "encoder.height=" + height,
                "encoder.width=" + width,
                "encoder.channels=" + channels,
                "encoder.norm=" + norm,
                "encoder.mean=0.286",
                "encoder.standard-deviation=0.353"));
        return TestEncoders.config(all.toArray(String[]::new)).encoder();
    }
}

package org.millrace.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.tensor.Safetensors;
import org.millrace.encoder.tensor.Weights;

final class InitialWeightsTest {
    @TempDir
    private Path folder;

    @Test
    void of_blank_isNone() {
        assertThat(InitialWeights.of(TestEncoders.encoder("resnet20", "cifar", 32, 3)))
                .isEmpty();
    }

    @Test
    void of_fileWithClassifierAndCounters_isTaken() {
        EncoderConfig config = TestEncoders.encoder("resnet18", "imagenet", 32, 3);
        Path file = write(
                config,
                builder -> builder.add("fc.weight", new long[] {2, 1}, new float[2])
                        .add("fc.bias", new long[] {2}, new float[2])
                        .add("bn1.num_batches_tracked", new long[] {}, new float[1]));
        Safetensors read =
                InitialWeights.of(naming(file, "resnet18", "imagenet", 3)).orElseThrow();
        try (Weights weights = TestEncoders.weights(config, 5)) {
            assertThat(read.tensor("conv1.weight", 64, 3, 7, 7))
                    .containsExactly(weights.snapshot("").tensor("conv1.weight", 64, 3, 7, 7));
        }
    }

    @Test
    void of_missingExtraAndWrongShape_saysAllTogether() {
        EncoderConfig config = TestEncoders.encoder("resnet20", "cifar", 32, 3);
        Safetensors whole = snapshot(config);
        Safetensors.Builder bent = new Safetensors.Builder();
        for (String name : whole.names()) {
            float[] values = whole.tensor(name, whole.shape(name));
            if (name.equals("layer1.0.bn1.weight")) {
                bent.add(name, new long[] {8, 2}, values);
            } else if (!name.equals("layer2.1.bn2.running_var")) {
                bent.add(name, whole.shape(name), values);
            }
        }
        Path file = write(bent.add("neck.weight", new long[] {3}, new float[3]).build());
        assertThatThrownBy(() -> InitialWeights.of(naming(file, "resnet20", "cifar", 3)))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("encoder.initial-weights is " + file
                        + ", which does not fit encoder.architecture=resnet20, encoder.stem=cifar, encoder.channels=3:")
                .hasMessageContaining("tensor layer1.0.bn1.weight must have the shape [16], but has [8, 2]")
                .hasMessageContaining("the weights file has no tensor layer2.1.bn2.running_var")
                .hasMessageContaining("the network has no tensor neck.weight, whose shape is [3]")
                .hasMessageContaining("those of torchvision's ResNet");
    }

    @Test
    void of_rgbFileForGreyEncoder_isRefusedWithWhatToDo() {
        Path file = write(TestEncoders.encoder("resnet20", "cifar", 32, 3), builder -> {});
        assertThatThrownBy(() -> InitialWeights.of(naming(file, "resnet20", "cifar", 1)))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("tensor conv1.weight must have the shape [16, 1, 3, 3], but has [16, 3, 3, 3]")
                .hasMessageContaining(
                        "The file fits encoder.architecture=resnet20, encoder.stem=cifar, encoder.channels=3")
                .hasMessageContaining("takes RGB, not grey");
    }

    @Test
    void of_fileOfAnotherArchitecture_saysWhichWithoutAHundredLines() {
        Path file = write(TestEncoders.encoder("resnet50", "imagenet", 32, 3), builder -> {});
        assertThatThrownBy(() -> InitialWeights.of(naming(file, "resnet18", "cifar", 3)))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("The file fits encoder.architecture=resnet50, encoder.stem=imagenet")
                .hasMessageContaining("more like these")
                .satisfies(
                        e -> assertThat(String.valueOf(e.getMessage()).lines()).hasSizeLessThan(25));
    }

    @Test
    void of_noFileOrNoSafetensors_says() throws IOException {
        Path none = folder.resolve("none.safetensors");
        assertThatThrownBy(() -> InitialWeights.of(naming(none, "resnet20", "cifar", 3)))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(
                        "encoder.initial-weights is " + none + ", which cannot be read: there is no such file");
        Path pickle = Files.writeString(folder.resolve("resnet18.pth"), "PK\u0003\u0004 and what else a zip file has");
        assertThatThrownBy(() -> InitialWeights.of(naming(pickle, "resnet20", "cifar", 3)))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("which is no safetensors file")
                .hasMessageContaining("safetensors.torch.save_file");
    }

    private Path write(EncoderConfig config, Consumer<Safetensors.Builder> more) {
        Safetensors weights = snapshot(config);
        Safetensors.Builder builder = new Safetensors.Builder();
        weights.names()
                .forEach(name -> builder.add(name, weights.shape(name), weights.tensor(name, weights.shape(name))));
        more.accept(builder);
        return write(builder.build());
    }

    private Path write(Safetensors file) {
        try {
            return Files.write(folder.resolve("weights.safetensors"), file.toBytes());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Safetensors snapshot(EncoderConfig config) {
        try (Weights weights = TestEncoders.weights(config, 5)) {
            return weights.snapshot("");
        }
    }

    private static EncoderConfig naming(Path file, String architecture, String stem, int channels) {
        return TestEncoders.config(
                        "encoder.initial-weights=" + file,
                        "encoder.architecture=" + architecture,
                        "encoder.stem=" + stem,
                        "encoder.channels=" + channels)
                .encoder();
    }
}

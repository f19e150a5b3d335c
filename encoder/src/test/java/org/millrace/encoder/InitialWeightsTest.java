package org.millrace.encoder;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.tensor.Weights;
import org.slf4j.LoggerFactory;

final class InitialWeightsTest {
    private static final String TRAINED_AS_AMDIM = "trainer.objective=amdim";
    private static final EncoderConfig RESNET20 = TestEncoders.encoder("resnet20", "cifar", 32, 3);

    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(InitialWeights.class);

    @BeforeEach
    void listen() {
        logged.start();
        logger.addAppender(logged);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(logged);
    }

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

    @ParameterizedTest
    @ValueSource(
            strings = {
                "module.",
                "module.encoder_q.",
                "encoder_q.",
                "backbone.",
                "encoder.",
                "model.",
                "module.encoder.",
                "state_dict.module.base_encoder.",
            })
    void of_prefixedNames_areFoundAndHeadsLeftOut(String prefix) {
        Safetensors whole = snapshot(RESNET20);
        Safetensors.Builder foreign = prefixed(whole, prefix);
        foreign.add(prefix + "fc.0.weight", new long[] {1}, new float[1]);
        foreign.add(prefix + "head.bias", new long[] {1}, new float[1]);
        foreign.add("queue", new long[] {2}, new float[2]);
        foreign.add(prefix + "bn1.num_batches_tracked", new long[] {}, new float[1]);
        Path file = write(foreign.build());
        Safetensors read =
                InitialWeights.of(naming(file, "resnet20", "cifar", 3)).orElseThrow();
        assertThat(read.toBytes()).isEqualTo(whole.toBytes());
        assertThat(logged())
                .filteredOn(line -> line.startsWith("left out of"))
                .singleElement(as(STRING))
                .endsWith("not part of the encoder: " + prefix + "fc.0.weight, " + prefix + "head.bias, queue");
    }

    @Test
    void of_queryAndKeyEncoder_theQueryUnlessTheSettingNamesTheKey() {
        Safetensors query = snapshot(RESNET20);
        Safetensors key = FrozenEncoderTest.with(query, "bn1.weight", 3);
        Safetensors.Builder both = prefixed(key, "module.encoder_k.");
        query.names()
                .forEach(name ->
                        both.add("module.encoder_q." + name, query.shape(name), query.tensor(name, query.shape(name))));
        Path file = write(both.build());
        EncoderConfig found = naming(file, "resnet20", "cifar", 3);
        EncoderConfig named = naming(file, "resnet20", "cifar", 3, "encoder.initial-weights-prefix=module.encoder_k.");
        assertThat(InitialWeights.of(found).orElseThrow().toBytes()).isEqualTo(query.toBytes());
        assertThat(InitialWeights.of(named).orElseThrow().toBytes()).isEqualTo(key.toBytes());
    }

    @ParameterizedTest
    @ValueSource(strings = {"conv1.weight", "layer2.0.conv1.weight", "layer3.2.bn2.running_var"})
    void of_queryEncoderWithoutOneTensor_isRefusedWithItsNameThoughTheKeyEncoderIsWhole(String missing) {
        Safetensors whole = snapshot(RESNET20);
        Safetensors.Builder both = prefixed(whole, "module.encoder_k.");
        whole.names().stream()
                .filter(name -> !name.equals(missing))
                .forEach(name ->
                        both.add("module.encoder_q." + name, whole.shape(name), whole.tensor(name, whole.shape(name))));
        Path file = write(both.build());
        assertThatThrownBy(() -> InitialWeights.of(naming(file, "resnet20", "cifar", 3)))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("under the prefix module.encoder_q.:")
                .hasMessageContaining("the weights file has no tensor " + missing);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "backbone."})
    void of_firstTensorMissing_thePrefixIsFoundAllTheSame(String prefix) {
        Safetensors whole = snapshot(RESNET20);
        Safetensors.Builder foreign = new Safetensors.Builder();
        whole.names().stream()
                .filter(name -> !name.equals("conv1.weight"))
                .forEach(name -> foreign.add(prefix + name, whole.shape(name), whole.tensor(name, whole.shape(name))));
        Path file = write(foreign.add(prefix + "neck.weight", new long[] {1}, new float[1])
                .build());
        assertThatThrownBy(() -> InitialWeights.of(naming(file, "resnet20", "cifar", 3)))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("the weights file has no tensor conv1.weight")
                .hasMessageContaining("the network has no tensor neck.weight, whose shape is [1]");
    }

    @Test
    void of_finiteWeightsThatOverflow_isRefusedBeforeAnythingIsTrained() {
        Path file = write(FrozenEncoderTest.with(snapshot(RESNET20), "bn1.weight", 1e38f));
        EncoderConfig config = naming(file, "resnet20", "cifar", 3);
        assertThatThrownBy(() -> InitialWeights.of(TestEncoders.torch(), config))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("encoder.initial-weights is " + file
                        + ", whose values are finite, but so large that feature 0 of an image is ")
                .hasMessageEndingWith("name another file.");
    }

    @Test
    void of_prefixThatNoNameHas_saysWhatNamesBeginWith() {
        Path file = write(prefixed(snapshot(RESNET20), "backbone.").build());
        EncoderConfig other = naming(file, "resnet20", "cifar", 3, "encoder.initial-weights-prefix=module.");
        assertThatThrownBy(() -> InitialWeights.of(other))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("encoder.initial-weights-prefix is module., but no tensor of " + file
                        + " begins with it. Its names begin with backbone.");
    }

    @Test
    void of_prefixedNamesOfAnotherArchitecture_saysWhich() {
        Path file = write(prefixed(snapshot(RESNET20), "module.").build());
        assertThatThrownBy(() -> InitialWeights.of(naming(file, "resnet18", "cifar", 3)))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("under the prefix module.:")
                .hasMessageContaining("The file fits encoder.architecture=resnet20");
    }

    @ParameterizedTest
    @CsvSource({"conv1.weight, NaN", "layer1.0.bn1.bias, Infinity", "layer2.0.bn1.running_var, -1"})
    void of_valueThatIsNoWeight_isRefusedWithFileTensorPositionAndWhatToDo(String tensor, float value) {
        Path file = write(FrozenEncoderTest.with(snapshot(RESNET20), tensor, value));
        assertThatThrownBy(() -> InitialWeights.of(naming(file, "resnet20", "cifar", 3)))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith(
                        "encoder.initial-weights is " + file + ", whose tensor " + tensor + " has " + value + " at [0")
                .hasMessageEndingWith("name another file.");
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
                .hasMessageContaining(
                        "encoder.initial-weights is " + file
                                + ", which does not fit encoder.architecture=resnet20, encoder.stem=cifar, encoder.channels=3, encoder.norm=batch:")
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
    void of_amdimFileOfOtherWidths_saysWhichSettingsMustBeTheSame() {
        Path file = write(TestEncoders.amdim(3), builder -> {});
        EncoderConfig wider = naming(
                file, "amdim", "cifar", 3, "encoder.amdim-channels=8", "encoder.amdim-features=32", TRAINED_AS_AMDIM);
        assertThatThrownBy(() -> InitialWeights.of(wider))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("does not fit encoder.architecture=amdim, encoder.amdim-channels=8,"
                        + " encoder.amdim-features=32, encoder.amdim-depth=2, encoder.channels=3:")
                .hasMessageContaining("tensor conv.weight must have the shape [8, 3, 3, 3], but has [4, 3, 3, 3]")
                .hasMessageContaining("The tensors must be those of an amdim encoder with these settings")
                .hasMessageNotContainingAny("stem", "torchvision");
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
                .hasMessageContaining("which is not a safetensors file")
                .hasMessageContaining("safetensors.torch.save_file");
    }

    /** Embeddings of 2×2 patches for an input of 3×1: the class token's stays, each channel is the grid's mean in the middle. */
    @Test
    void of_transformerOfAnotherSize_positionsAreResampled() {
        Safetensors four = snapshot(transformer("encoder.height=32", "encoder.width=32"));
        Path file = write(four);
        EncoderConfig other = transformer("encoder.height=48", "encoder.width=16", "encoder.initial-weights=" + file);
        float[] before = four.tensor("pos_embed", 1, 5, 192);
        float[] after = InitialWeights.of(other).orElseThrow().tensor("pos_embed", 1, 4, 192);
        for (int channel = 0; channel < 192; channel++) {
            float mean = 0;
            for (int patch = 1; patch < 5; patch++) {
                mean += before[patch * 192 + channel] / 4;
            }
            assertThat(after[channel]).isEqualTo(before[channel]);
            assertThat(after[2 * 192 + channel]).isCloseTo(mean, within(1e-6f));
        }
    }

    /** A file of ours says its grid, so that 1×4 patches are not taken for 2×2. */
    @Test
    void of_ourOwnFileOfARectangle_itsGridIsTheMetadatas() {
        Safetensors wide = snapshot(transformer("encoder.height=16", "encoder.width=64"))
                .withMetadata(Map.of("millrace.encoder.height", "16", "millrace.encoder.patch", "16"));
        Path file = write(wide);
        EncoderConfig square = transformer("encoder.height=32", "encoder.width=32", "encoder.initial-weights=" + file);
        EncoderConfig same = transformer("encoder.height=16", "encoder.width=64", "encoder.initial-weights=" + file);
        float[] positions = wide.tensor("pos_embed", 1, 5, 192);
        assertThat(InitialWeights.of(same).orElseThrow().tensor("pos_embed", 1, 5, 192))
                .isEqualTo(positions);
        assertThat(InitialWeights.of(square).orElseThrow().tensor("pos_embed", 1, 5, 192))
                .isNotEqualTo(positions);
    }

    @Test
    void of_transformerWithOtherSettings_saysWhichFit() {
        Path file = write(prefixed(
                        snapshot(transformer("encoder.height=32", "encoder.width=32", "encoder.layer-scale=true")),
                        "module.")
                .build());
        EncoderConfig plain = transformer("encoder.height=32", "encoder.width=32", "encoder.initial-weights=" + file);
        assertThatThrownBy(() -> InitialWeights.of(plain))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("the network has no tensor blocks.0.ls1.gamma, whose shape is [192]")
                .hasMessageContaining("The file is that of a vision transformer with encoder.architecture=vit-tiny,"
                        + " encoder.patch=16, encoder.registers=0, encoder.layer-scale=true, encoder.channels=3");
    }

    @Test
    void of_mocoV3sTransformer_needsItsNumberOfHeads() {
        Path file =
                write(prefixed(snapshot(transformer("encoder.height=32", "encoder.width=32")), "module.base_encoder.")
                        .build());
        String initial = "encoder.initial-weights=" + file;
        EncoderConfig three = transformer("encoder.height=32", "encoder.width=32", initial);
        EncoderConfig twelve = transformer("encoder.height=32", "encoder.width=32", initial, "encoder.heads=12");
        assertThatThrownBy(() -> InitialWeights.of(three))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "encoder.initial-weights is " + file + ", whose transformer has 12 heads of attention, but the"
                                + " configured one 3: set encoder.heads=12.");
        assertThat(InitialWeights.of(twelve)).isPresent();
    }

    private static EncoderConfig transformer(String... assignments) {
        List<String> all = new ArrayList<>(List.of("encoder.architecture=vit-tiny", "encoder.patch=16"));
        all.addAll(List.of(assignments));
        return TestEncoders.config(all.toArray(String[]::new)).encoder();
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

    private static Safetensors.Builder prefixed(Safetensors file, String prefix) {
        Safetensors.Builder prefixed = new Safetensors.Builder();
        file.names()
                .forEach(name -> prefixed.add(prefix + name, file.shape(name), file.tensor(name, file.shape(name))));
        return prefixed;
    }

    private List<String> logged() {
        return logged.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    private static EncoderConfig naming(
            Path file, String architecture, String stem, int channels, String... assignments) {
        List<String> all = new ArrayList<>(List.of(
                "encoder.initial-weights=" + file,
                "encoder.architecture=" + architecture,
                "encoder.stem=" + stem,
                "encoder.channels=" + channels));
        all.addAll(List.of(assignments));
        return TestEncoders.config(all.toArray(String[]::new)).encoder();
    }
}
